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

pane-tenants = Tenants
pane-changes = Changes
pane-containers = Containers of { $tenant }
pane-hosts = Hosts
pane-help = Help
pane-change = Change

filter-shown = { $shown } of { $count }
changes-today = today
changes-paused = paused
changes-new = { $count } new

column-tenant = TENANT
column-tier = TIER
column-state = STATE
column-host = HOST
column-cpu = CPU
column-memory = MEM
column-since = SINCE
column-last = LAST
column-container = CONTAINER
column-role = ROLE
column-image = IMAGE
column-id = ID
column-endpoint = ENDPOINT
column-engine = ENGINE

empty-connecting = Asking the hosts …
empty-tenants = No container on any host yet.
empty-filter = No tenant matches the filter. { $key } clears it.
empty-hosts-down = No host answers. { $key } shows why.
empty-changes = Nothing has happened yet.
empty-selection = No tenant is selected.

known-as = was { $state }
host-up = up
host-down = down
host-connecting = connecting

prompt-filter = filter
prompt-command = :
hint-filter = tier:vip state:!running host:web name — Enter keeps, Esc clears
hint-command = ps FILTER, sort cpu, theme light, hosts, changes, help, quit

confirm-title = Are you sure?
confirm-forget-changes = Forget the { $count } changes shown? They are kept nowhere else.
confirm-keys = y yes    n no

notice-sort = sorted by { $by }
notice-sort-reverse = sorted by { $by }, reversed
notice-theme = theme { $name }
notice-reconcile = asking every host again
notice-forgot = the changes were forgotten
notice-unknown-command = no such command: { $word }
notice-did-you-mean = no such command: { $word }; did you mean { $near }?

change-first = first  { $time }
change-last = last   { $time }
change-host = host   { $host }
change-object = what   { $object }
change-actor = who    { $actor }
change-actor-unknown = not known: an engine does not say
change-events = events
close-hint = Esc closes

help-keys = Keys
help-filter = Filter
help-filter-fields = tier:vip,high  state:crashed  state:bad  host:web-1  tenant:acme  role:db  image:redis
help-filter-rest = words match names loosely; ! negates a term or a value; terms are joined by "and"
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
action-filter = filter the tenants
action-clear-filter = close what is open, else clear the filter
action-sort = sort the tenants by the next column
action-reverse = reverse the order
action-follow = follow the newest change, or stop following
action-containers = open a tenant's containers, or a change's events
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

hint-next-pane = pane
hint-filter-key = filter
hint-sort = sort
hint-follow = follow
hint-containers = open
hint-hosts = hosts
hint-command-key = command
hint-help = help
hint-quit = quit
