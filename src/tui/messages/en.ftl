# Every text of the screen, in English. One file a language; what a language lacks falls back to this one.

product = wakeboard
demo = DEMO
hosts-count = { $count ->
    [one] 1 host
   *[other] { $count } hosts
}
hosts-up = { $up } of { $count } hosts
tenants-count = { $count ->
    [one] 1 tenant
   *[other] { $count } tenants
}
memory-used = mem { $used }/{ $total }
memory-total = mem { $total }
memory-saved = saved { $saved }

pane-tenants = Tenants
pane-changes = Changes
pane-containers = Containers of { $tenant }
pane-no-containers = Containers
pane-tickets = Tickets
pane-tickets-open = Tickets: { $count } open
pane-tickets-keeper = keeper on { $machine } since { $since }
pane-callmap = Callmap
pane-callmaps = Callmaps
pane-ticket = Ticket { $id }
pane-hosts = Hosts
pane-help = Help
pane-change = Change
pane-history = History
pane-history-of = History of { $tenant }

marks-count = { $count } marked
filter-shown = { $shown } of { $count }
changes-today = today
changes-paused = paused
changes-new = { $count } new
changes-count = { $count ->
    [one] 1 change
   *[other] { $count } changes
}
changes-asking = asking the ledger …
changes-fault = the ledger does not answer
changes-memory-only = without a ledger
changes-full = { $count } at most

timeline-moment = { $from } to { $to } { $zone }:
timeline-axis = { $from } … now { $zone } · { $step } a column · { $key } opens it

history-range = { $from } to { $to } { $zone }
history-now = now
history-unknown = not known
history-gap = events may be missing
history-hours = { $count } h
history-days = { $count } days
history-cut = not all of its changes

column-tenant = TENANT
column-tier = TIER
column-state = STATE
column-host = HOST
column-cpu = CPU
column-memory = MEM
column-seen = SEEN
column-since = SINCE
column-last = LAST
column-container = CONTAINER
column-role = ROLE
column-image = IMAGE
column-id = ID
column-time = TIME
column-ticket = TICKET
column-who = WHO
column-door = DOOR
column-object = OBJECT
column-task = TASK
column-method = METHOD
column-outcome = OUTCOME
column-took = TOOK
column-reason = REASON
column-endpoint = ENDPOINT
column-engine = ENGINE

empty-connecting = Asking the hosts …
empty-tenants = No container on any host yet.
empty-filter = No tenant matches the filter. { $key } clears it.
empty-hosts-down = No host answers. { $key } shows why.
empty-changes = Nothing has happened yet.
empty-question = Nothing fits the question.
empty-history = Nothing happened to it in this time.
empty-selection = No tenant is selected.
empty-tickets = Nothing was dumped, woken or asked yet.

empty-callmap = No callmap was run yet. { $key } opens the list.

callmap-reading = Reading the file …
callmap-ticket = ticket { $ticket }
callmap-first-broken = first broken layer: { $layer } ({ $ok } of { $total })
callmap-waits = waiting for its turn
callmap-finds = looking for the targets
callmap-asks = asking: { $answered } of { $all } answered
callmap-cancelled = called off
callmap-refused = not run
callmap-all-ok = { $count ->
    [one] the 1 layer is ok
   *[other] all { $count } layers ok
}
callmap-degraded = degraded: it works, late or with losses
callmap-bad-file = the file has a fault
callmap-every = every { $seconds } s
callmap-broken = broken
callmap-skipped = skipped
callmap-skipped-because = skipped ({ $why })
callmap-near = changes near it
callmap-last-good = last good run: { $time } ({ $ago } ago)
callmap-no-last-good = no earlier run that was well is known
callmap-drift = they do not agree
callmap-not-recorded = not in the ledger: { $why }
callmap-more = … { $count } more lines
callmap-find = find
callmap-choose-hint = Enter runs it
callmap-listing = Looking for callmaps …
callmap-none = There is no callmap.
callmap-none-help = They are looked for in callmaps/ beside the config and here, and where `callmaps:` of the config says.
callmap-layers = { $count ->
    [one] 1 layer
   *[other] { $count } layers
}
verdict-ok = ok
verdict-slow = slow
verdict-fail = fail
probe-peer = asked at { $peer }
probe-attempts = asked { $count } times
probe-phases = Phases
probe-body = Body
probe-certificate = Certificate
phase-dns = dns
phase-connect = connect
phase-tls = tls
phase-first-byte = first byte
phase-rest = rest
phase-total = total
certificate-subject = for
certificate-names = names
certificate-issuer = by
certificate-from = from
certificate-chain = in the chain
certificate-print = SHA-256
certificate-ended = it ended on { $date }, { $distance } ago
certificate-ends = it ends on { $date }, in { $distance }

known-as = was { $state }
host-up = up
host-down = down
host-connecting = connecting

prompt-filter = filter
prompt-changes = changes
prompt-command = :
hint-filter = tier:vip state:!running host:web name — Enter keeps, Esc clears
hint-changes = yesterday who:op1 verb:dumped tenant:acme last 30m text — Enter asks the ledger, Esc leaves it
hint-command = ps FILTER, dump, wake, tickets, callmap FILE, sort cpu, theme light, hosts, changes, help, quit
hint-command-read-only = ps FILTER, tickets, callmap FILE, sort cpu, theme light, hosts, changes, help, quit

confirm-title = Are you sure?
confirm-forget-changes = Forget the { $count } changes shown? They are kept nowhere else.
confirm-hide-changes = Take the { $count } changes shown from the screen? The ledger keeps what it has of them.
confirm-quit = { $count ->
        [one] A ticket of this console is
       *[other] { $count } tickets of this console are
    } under way. Quit anyway? What is cut off is finished or undone by the next console or keeper.
confirm-keys = y yes    n no

sheet-dump = { $count ->
    [one] Put 1 tenant to sleep?
   *[other] Put { $count } tenants to sleep?
}
sheet-wake = { $count ->
    [one] Wake 1 tenant?
   *[other] Wake { $count } tenants?
}
sheet-left-out = { $count ->
    [one] Left out: 1 tenant
   *[other] Left out: { $count } tenants
}
sheet-frees = frees about { $memory }
sheet-takes = takes about { $memory }
sheet-loss = with it goes { $lost }
sheet-loss-asked = looking for what it has written …
sheet-memory-unknown = memory not known yet
sheet-together = Together this frees about { $memory }
sheet-together-unknown = { $count ->
    [one] of 1 tenant it is not known yet
   *[other] of { $count } tenants it is not known yet
}
sheet-nothing = Nothing can be done.
sheet-forced = Tenants of tier vip are put to sleep too, by force.
sheet-not-forced = Tenants of tier vip are left out unless forced.
sheet-yes = yes
sheet-no = no
sheet-auto = auto
sheet-method = method: { $method }
sheet-force = force

ticket-asked = asked  { $time }
ticket-outcome = {"how    "}
ticket-queued = queued
ticket-cause = for    { $cause }
ticket-reason = why
ticket-fallbacks = instead of what was meant
ticket-steps = steps
run-file = file   { $file }
run-asks = asks
run-all = All of it: wakeboard tickets { $id }
task-callmap = callmap

mode-read-only = read-only
mode-read-write = read-write

notice-read-only = read-only: nothing is changed from here
notice-nothing-to-cancel = no ticket is under way here
notice-cancel = cancelling ticket { $id } as soon as its step allows
notice-orders-full = { $count } tenants got no ticket: too many orders are waiting. Try again later
notice-ticket-sought = looking for ticket { $id } in the ledger
notice-ticket-none = the ledger has no such ticket
notice-losses-in-shell = what is lost is accepted in the shell only: wakeboard wake
notice-doctor = this is for the shell: wakeboard doctor
notice-no-callmap = no callmap is open: choose one first
notice-nothing-failed = nothing failed: there is nothing to ask again
notice-every = runs again every { $seconds } s
notice-not-every = does not run again by itself
notice-no-report = there is no report yet
notice-callmap-ticket = Your ticket is '{ $ticket }'.
notice-callmap-read = { $file } was read again; { $key } runs it
notice-callmap-busy = too many runs wait; try again
notice-copied = the report was handed to the terminal's clipboard
notice-written = written to { $file }
notice-callmap-shell = this is for the shell: wakeboard callmap { $verb }
notice-callmap-one = one callmap at a time is shown here; several at once: wakeboard callmap run
notice-change-no-ticket = this was not done under a ticket
notice-change-no-tenant = this is about no tenant
notice-tenant-gone = that tenant is not there any more
notice-changes-shell = this is for the shell: wakeboard { $verb }
notice-sort = sorted by { $by }
notice-sort-reverse = sorted by { $by }, reversed
notice-theme = theme { $name }
notice-reconcile = asking every host again
notice-forgot = the changes were forgotten
notice-unknown-command = no such command: { $word }
notice-did-you-mean = no such command: { $word }; did you mean { $near }?

change-what = what
change-count = count
change-times = { $count } times
change-who = who
change-sure = sure: it was done through wakeboard
change-likely = likely: somebody says so
change-unsure = unknown: nothing proves it
change-of = of
change-where = host
change-under = ticket
change-cause = because
change-before = before
change-after = after
change-from = first
change-until = last
change-source = source
change-record = record
change-not-recorded = not in the ledger yet
change-parts = { $count ->
    [0] nothing more is known of it
    [one] told in 1 part
   *[other] told in { $count } parts
}
change-first-parts = its first { $count } parts
change-key-ticket = its ticket
change-key-tenant = its tenant
change-key-ask-tenant = all of the tenant
change-key-ask-who = all of who did it
change-host = host   { $host }
change-object = what   { $object }
change-actor = who    { $actor }
change-actor-unknown = unknown: an engine does not say
close-hint = Esc closes

help-keys = Keys
help-filter = Filter
help-filter-fields = tier:vip,high  state:crashed  state:bad  host:web-1  tenant:acme  role:db  image:redis
help-filter-rest = words match names loosely; ! negates a term or a value; terms are joined by "and"
help-question = Questions to the changes
help-commands = Commands after :

too-small = wakeboard needs 60 x 15 cells; here are { $width } x { $height }.

action-up = move one line up
action-down = move one line down
action-page-up = move one page up
action-page-down = move one page down
action-top = go to the first line
action-bottom = go to the last line
action-next-pane = go to the next pane
action-previous-pane = go to the previous pane
action-callmaps = open the list of callmaps and run one
action-filter = filter the tenants; in the changes: ask for changes
action-clear-filter = close what is open, else clear the question of the changes, the marks, or the filter
action-sort = sort the tenants by the next column
action-reverse = reverse the order
action-mark = mark the tenant, or take its mark away
action-mark-range = mark all from the last marked tenant to here
action-mark-all = mark all that the filter shows; again: none
action-dump = put the marked tenants, or the selected one, to sleep
action-wake = wake the marked tenants, or the selected one
action-cancel = cancel the tenant's ticket where its step allows, or the callmap's run
action-tickets = show the tickets at the bottom; again: the containers
action-follow = follow the newest change, or stop following
action-containers = open a tenant's containers, a change, a moment of the timeline, a ticket's steps, or a probe
action-command = type a command
action-hosts = show the hosts and what is wrong with them
action-help = show this help
action-theme = switch to the next theme
action-reconcile = ask every host again now
action-count = show only that state of the header; again: all
action-forget-changes = forget the changes shown
action-redraw = draw the screen again
action-suspend = go to the background (fg brings it back)
action-quit = quit
action-timeline = open the timeline of the changes: go to a moment of the last 24 h
action-history = show the tenant's history at the bottom; again: its containers
action-earlier = in the timeline or a history: go back
action-later = in the timeline or a history: go on
action-hour-earlier = in the timeline or a history: go an hour back
action-hour-later = in the timeline or a history: go an hour on
action-closer = in the timeline or a history: show a shorter time
action-wider = in the timeline or a history: show a longer time
action-change-ticket = in the box of a change: open its ticket
action-change-tenant = in the box of a change: go to its tenant
action-ask-tenant = in the box of a change: ask for all changes of its tenant
action-ask-who = in the box of a change: ask for all changes of who did it
action-callmap-again = in the callmap: run it again
action-callmap-failed = in the callmap: ask again only what failed
action-callmap-every = in the callmap: run it every 10, 30 or 60 s, then no more
action-callmap-copy = in the callmap: copy the report as text
action-callmap-write = in the callmap: write the report as JSON into a file
action-callmap-probes = in the callmap: go to the probes of the layer, then to what was before
action-callmap-layers = in the callmap: go back

hint-dump = dump
hint-wake = wake
hint-tickets = tickets
hint-next-pane = pane
hint-callmaps = callmap
hint-callmap-again = again
hint-callmap-failed = failed
hint-callmap-every = every
hint-callmap-copy = copy
hint-callmap-write = JSON
hint-earlier = back
hint-later = on
hint-hour-earlier = 1 h back
hint-hour-later = 1 h on
hint-closer = closer
hint-wider = wider
hint-filter-key = filter
hint-sort = sort
hint-follow = follow
hint-containers = open
hint-hosts = hosts
hint-command-key = command
hint-help = help
hint-quit = quit
