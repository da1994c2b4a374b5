# What the lab's scripts share: names, small helpers, how each engine is started, and how everything is found again and
# ended. To be sourced, not run. "The lab" is a set of real container engines for tests, apart from the machine's own.
# shellcheck shell=bash

LAB=${WAKEBOARD_LAB_DIR:-/run/wakeboard-lab}
LAB=${LAB%/}
LAB_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/wakeboard-lab
LAB_ENGINES=(docker-a docker-b podman) # and docker-v2, where a virtual machine is possible
LAB_DEADLINE=${WAKEBOARD_LAB_DEADLINE:-60} # seconds that any one thing may take to get ready
LAB_NET=10.213                             # the lab's networks are 10.213.N.0/24
LAB_SCRIPTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # sshd, iptables and ip, also where a user's PATH lacks them

say() { printf 'lab: %s\n' "$*"; }
die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

# Microseconds are all that bash's clock has, and milliseconds are what the messages say.
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
seconds_since() {
    local ms=$(($(now_ms) - $1))
    printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# wait_until SECONDS COMMAND...: polls until the command succeeds.
wait_until() {
    local end=$(($(now_ms) + $1 * 1000))
    shift
    until "$@"; do
        (($(now_ms) < end)) || return 1
        sleep 0.03
    done
}

need_root() { ((EUID == 0)) || die "needs root"; }

# The folder gets deleted by `down`: refuse whatever could not be a lab's.
check_lab_dir() {
    [[ $LAB == /?* && $LAB != *[[:space:]]* && $LAB != */../* ]] ||
        die "WAKEBOARD_LAB_DIR must be an absolute path without spaces: '$LAB'"
    [[ ! -e $LAB || -e $LAB/.wakeboard-lab || -z $(ls -A "$LAB") ]] ||
        die "$LAB exists and is not a lab: give another folder in WAKEBOARD_LAB_DIR"
}

# The base address of the Debian mirror that this machine itself uses, from apt's own settings.
debian_mirror() {
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
        sed -n 's/^Debian|Debian|//p' | sort -u | head -n 1
}

# shellcheck source-path=SCRIPTDIR source=vm.sh
source "$LAB_SCRIPTS/vm.sh"
! vm_possible || LAB_ENGINES+=(docker-v2)

os_id() { (. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}"); }

# A TCP port of 127.0.0.1 that nobody listens on. Below the kernel's range for outgoing connections, so that none of those
# can take it before its server does.
free_port() {
    local port busy try
    busy=$(ss -Hltn | awk '{ sub(/.*:/, "", $4); print $4 }')
    for try in {1..200}; do
        port=$((20000 + (RANDOM + try) % 10000))
        grep -qx "$port" <<<"$busy" || { echo "$port" && return; }
    done
    die "no free TCP port between 20000 and 30000"
}

# --- processes -------------------------------------------------------------------------------------------------------

# spawn PIDFILE LOG COMMAND...: starts a daemon of the lab.
# - The mark in its environment goes down to all its children: that is how they are found again (`lab_pids`).
# - No file descriptor of the caller goes down: a daemon that held the lock of tests/run would hold it for ever.
# - A session of its own: Ctrl-C in the caller's terminal must not reach it.
spawn() {
    local pidfile=$1 log=$2
    shift 2
    (
        cd /
        for fd in /proc/"$BASHPID"/fd/*; do
            fd=${fd##*/}
            ((fd <= 2)) || eval "exec $fd>&-"
        done
        export WAKEBOARD_LAB_OWNER=$LAB PATH=$LAB_CACHE/criu/bin:$PATH
        exec setsid "$@" </dev/null >>"$log" 2>&1
    ) &
    echo "$!" >"$pidfile" # of the daemon itself, since everything above ends in exec
    disown
}

# Is this process the lab's own? Its environment carries the mark; or it is an engine's program (some clean their
# environment) with a path in the lab's folder on its command line. A test or an editor that only names the folder is not.
is_lab_pid() { # is_lab_pid PID [LAB]
    local comm lab=${2:-$LAB}
    [[ -r /proc/$1/environ ]] || return 1
    grep -qzxF -e "WAKEBOARD_LAB_OWNER=$lab" "/proc/$1/environ" 2>/dev/null && return
    read -r comm 2>/dev/null <"/proc/$1/comm" || return 1
    case $comm in
    dockerd | containerd | containerd-shim* | docker-proxy | runc* | podman | conmon | criu | sshd | postgres)
        tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -e "$lab/"
        ;;
    *) return 1 ;;
    esac
}

# shellcheck disable=SC2120 # `up` asks about another lab
lab_pids() { # lab_pids [LAB]
    local pid lab=${1:-$LAB}
    # A quick look first, at all processes in one go, since `is_lab_pid` costs several forks.
    for pid in $({ grep -lszF -e "WAKEBOARD_LAB_OWNER=$lab" /proc/[0-9]*/environ
        grep -lsF -e "$lab/" /proc/[0-9]*/cmdline; } | cut -d/ -f3 | sort -un); do
        ! is_lab_pid "$pid" "$lab" || echo "$pid"
    done
}

gone() { [[ ! -e /proc/$1 ]] || grep -qs '^State:.Z' "/proc/$1/status"; }

engine_pidfile() {
    case $1 in
    docker-a | docker-b) echo "$LAB/$1/dockerd.pid" ;;
    docker-v2) echo "$LAB/docker-v2/spawn.pid" ;;
    podman) echo "$LAB/podman/service.pid" ;;
    sshd) echo "$LAB/ssh/sshd.pid" ;;
    *) die "no such engine: $1 (${LAB_ENGINES[*]} sshd)" ;;
    esac
}

# The engine's process id; fails if it does not run. A process id out of an old file may be somebody else's by now.
engine_pid() {
    local pid
    pid=$(cat "$(engine_pidfile "$1")" 2>/dev/null) && [[ -n $pid ]] || return 1
    ! gone "$pid" && is_lab_pid "$pid" && echo "$pid"
}

# --- engines ---------------------------------------------------------------------------------------------------------

engine_socket() { echo "$LAB/$1/$1.sock"; }
engine_log() { echo "$LAB/$1/log"; }

# engine_curl ENGINE PATH ARGUMENTS...: a call of its API.
engine_curl() {
    local name=$1 path=$2 at=(--unix-socket "$(engine_socket "$1")" http://lab)
    [[ $name != docker-v2 ]] || at=("http://127.0.0.1:$VM_PORT")
    shift 2
    curl -fsS --noproxy '*' "$@" "${at[@]:0:${#at[@]}-1}" "${at[-1]}$path"
}

bridge_of() {
    case $1 in
    docker-a) echo wblab0 ;;
    docker-b) echo wblab1 ;;
    podman) echo wblab2 ;;
    esac
}

make_bridge() { # make_bridge NAME ADDRESS/BITS
    ip link show "$1" >/dev/null 2>&1 || {
        ip link add "$1" type bridge
        # So that another lab's `up`, in another folder, can tell whose bridge it is.
        ip link set "$1" alias "$LAB"
        ip addr add "$2" dev "$1"
    }
    ip link set "$1" up
}

# Nothing of the machine's own Docker may be touched, so these daemons
# - read no /etc/docker/daemon.json;
# - leave iptables alone: a dockerd that starts empties the chains that all dockerds of a machine share. Published ports
#   work all the same, through docker-proxy.
start_docker() {
    local name=$1 dir=$LAB/$1 net=0 extra=() pidfile
    shift
    if [[ $name == docker-a ]]; then
        extra=(--experimental -H "tcp://127.0.0.1:$(<"$LAB/tls/port")" --tlsverify
            --tlscacert "$LAB/tls/server/ca.pem" --tlscert "$LAB/tls/server/cert.pem" --tlskey "$LAB/tls/server/key.pem")
    else
        net=1
    fi
    mkdir -p "$dir/tmp"
    [[ -e $dir/daemon.json ]] || echo '{}' >"$dir/daemon.json"
    make_bridge "$(bridge_of "$name")" "$LAB_NET.$net.1/24"
    # After a kill: dockerd believes these files for as long as a process of that number exists, be it a zombie that the
    # machine's init has not buried yet, and then waits in vain for a containerd that is dead.
    for pidfile in "$dir/dockerd.pid" "$dir/exec/containerd/containerd.pid"; do
        [[ ! -s $pidfile ]] || ! gone "$(<"$pidfile")" || rm -f "$pidfile"
    done
    # Each restore leaves an unpacked checkpoint there for good (see docs/engine-facts.md).
    TMPDIR=$dir/tmp spawn "$dir/spawn.pid" "$dir/log" dockerd --config-file "$dir/daemon.json" \
        --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/dockerd.pid" -H "unix://$dir/$name.sock" \
        --bridge "$(bridge_of "$name")" --iptables=false --ip-masq=false \
        --default-address-pool "base=$LAB_NET.$((100 + net * 50)).0/20,size=24" --shutdown-timeout 3 "${extra[@]}"
}

write_podman_config() {
    local dir=$LAB/podman nofile nproc pid_max
    nofile=$(ulimit -Hn) nproc=$(ulimit -Hu)
    [[ $nofile != unlimited ]] || nofile=1048576
    # Podman lowers its own limit of processes to what the kernel has process ids.
    read -r pid_max </proc/sys/kernel/pid_max
    [[ $nproc != unlimited ]] && ((nproc < pid_max)) || nproc=$pid_max
    mkdir -p "$dir/net" "$dir/tmp" "$LAB/bin"
    cat >"$dir/containers.conf" <<CONF
[containers]
# Podman asks for more, which fails where root may not raise its limits.
default_ulimits = ["nofile=$nofile:$nofile", "nproc=$nproc:$nproc"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
# Locks in files: the ones in shared memory would be shared with the machine's own Podman.
lock_type = "file"
tmp_dir = "$dir/tmp"
[network]
network_backend = "netavark"
network_config_dir = "$dir/net"
default_network = "podman"
CONF
    cat >"$dir/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$dir/root"
runroot = "$dir/run"
CONF
    echo 'unqualified-search-registries = []' >"$dir/registries.conf"
    cat >"$dir/net/podman.json" <<CONF
{
  "name": "podman",
  "id": "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9",
  "driver": "bridge",
  "network_interface": "wblab2",
  "created": "2024-01-01T00:00:00Z",
  "subnets": [{ "subnet": "$LAB_NET.2.0/24", "gateway": "$LAB_NET.2.1" }],
  "ipv6_enabled": false,
  "internal": false,
  "dns_enabled": false,
  "ipam_options": { "driver": "host-local" }
}
CONF
    # The command line on the same containers as the service, for tests and for people.
    cat >"$LAB/bin/podman" <<CONF
#!/bin/sh
export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf
export CONTAINERS_REGISTRIES_CONF=$dir/registries.conf PATH="$LAB_CACHE/criu/bin:\$PATH"
exec $(command -v podman) --root $dir/root --runroot $dir/run --network-config-dir $dir/net "\$@"
CONF
    chmod +x "$LAB/bin/podman"
}

start_podman() {
    local dir=$LAB/podman
    rm -f "$dir/podman.sock"
    # The wrapper ends in exec, so the pid stays the same.
    spawn "$dir/service.pid" "$dir/log" "$LAB/bin/podman" system service -t 0 "unix://$dir/podman.sock"
}

start_sshd() {
    local dir=$LAB/ssh
    spawn "$dir/sshd.pid" "$dir/log" "$(command -v sshd)" -D -e -f "$dir/sshd_config"
}

start_engine() {
    case $1 in
    docker-v2) start_vm ;;
    docker-*) start_docker "$1" ;;
    podman) start_podman ;;
    sshd) start_sshd ;;
    *) engine_pidfile "$1" ;; # says what names there are
    esac
}

answers() {
    case $1 in
    sshd) (exec 3<>"/dev/tcp/127.0.0.1/$(<"$LAB/ssh/port")") 2>/dev/null ;;
    *) engine_curl "$1" /_ping -m 2 -o /dev/null 2>/dev/null ;;
    esac
}

started_or_dead() {
    answers "$1" || { [[ -n $2 ]] && gone "$2"; }
}

# Waits until the engine answers. Where it died or is late: one plain line, and the end of its log.
wait_engine() {
    local name=$1 pid="" deadline=$LAB_DEADLINE
    [[ $name != docker-v2 ]] || deadline=$VM_DEADLINE
    case $name in
    docker-*) read -r pid <"$LAB/$name/spawn.pid" ;;
    *) read -r pid <"$(engine_pidfile "$name")" ;;
    esac
    wait_until "$deadline" started_or_dead "$name" "$pid" && answers "$name" && return
    {
        if gone "$pid"; then say "$name ended while starting"; else say "$name does not answer after $deadline s"; fi
        say "the end of its log:"
        tail -n 15 "$(engine_log "$name")" | sed 's/^/    /'
    } >&2
    return 1
}

# import_image ENGINE TAR NAME:TAG PROGRAM (which its containers run if not told otherwise). The name goes as one: Podman
# drops a `tag` of its own.
import_image() {
    engine_curl "$1" "/images/create?fromSrc=-&repo=$3&changes=CMD%20%5B%22$4%22%5D" -m 300 \
        -o "$LAB/$1/import.log" -X POST -H 'Content-Type: application/x-tar' -T "$2" ||
        { say "$1 did not take the image $3" >&2 && return 1; }
}

# --- taking down -----------------------------------------------------------------------------------------------------

# Ids of all containers that the lab's engines keep in their folders.
lab_container_ids() {
    local dir
    for dir in "$LAB"/{docker-*,small-disk/disk}/data/containers/*/ "$LAB"/podman/root/overlay-containers/*/; do
        dir=$(basename "$dir")
        [[ $dir =~ ^[0-9a-f]{64}$ ]] && echo "$dir"
    done
    return 0
}

# Cgroups of the lab's containers, deepest first: the folder's name has the container's id in it, whatever the layout.
lab_cgroups() {
    local ids
    ids=$(lab_container_ids)
    [[ -n $ids ]] || return 0
    find /sys/fs/cgroup -depth -type d 2>/dev/null | grep -F -f <(echo "$ids") || true
}

kill_lab_processes() {
    local pids round
    # Daemons first and all at once, so that none restarts another. Again, for what was just being born.
    for ((round = 0; round < 50; round++)); do
        pids=$(lab_pids "$LAB")
        [[ -n $pids ]] || return 0
        # shellcheck disable=SC2086 # a list
        kill -KILL $pids 2>/dev/null || true
        sleep 0.02
    done
    pids=$(lab_pids "$LAB")
    [[ -z $pids ]] || say "cannot end these processes: ${pids//$'\n'/ }" >&2
}

kill_lab_containers() {
    local group pids pid round
    for ((round = 0; round < 50; round++)); do
        pids=()
        while read -r group; do
            # A frozen process is not even killed before it is thawed (cgroup v1).
            { [[ ! -w $group/freezer.state ]] || echo THAWED >"$group/freezer.state"; } 2>/dev/null || true
            { [[ ! -w $group/cgroup.freeze ]] || echo 0 >"$group/cgroup.freeze"; } 2>/dev/null || true
            while read -r pid; do
                gone "$pid" || pids+=("$pid")
            done < <(cat "$group/cgroup.procs" 2>/dev/null)
        done < <(lab_cgroups)
        ((${#pids[@]})) || break
        kill -KILL "${pids[@]}" 2>/dev/null || true
        sleep 0.02
    done
    lab_cgroups | while read -r group; do rmdir "$group" 2>/dev/null || true; done
    # The engines' parents of those; they go only when empty, and an engine of the machine's own makes them again.
    if [[ -e $LAB/.wakeboard-lab ]]; then
        for group in /sys/fs/cgroup/{,*/}{docker,libpod_parent/conmon,libpod_parent}; do
            grep -qxF "$group" "$LAB/before/cgroups" 2>/dev/null || rmdir "$group" 2>/dev/null || true
        done
    fi
}

unmount_lab() {
    local target
    # Newest first: what lies on top goes first.
    awk '{ print $5 }' /proc/self/mountinfo | grep -F -e "$LAB/" | tac | while read -r target; do
        umount -l "$target" 2>/dev/null || true
    done
}

# Podman's network namespaces lie in a folder of the whole machine; an address of the lab's network says whose one is.
remove_lab_netns() {
    local ns
    for ns in /run/netns/netns-*; do
        [[ -e $ns ]] || continue
        grep -qxF "$ns" "$LAB/before/netns" 2>/dev/null && continue
        # An empty file or a namespace without a process is what a killed start leaves behind.
        if nsenter --net="$ns" ip -4 -o addr 2>/dev/null | grep -qF " $LAB_NET.2." ||
            ! nsenter --net="$ns" ip -4 -o addr 2>/dev/null | grep -q ' eth'; then
            umount -l "$ns" 2>/dev/null || true
            rm -f "$ns"
        fi
    done
}

remove_lab_links() {
    local bridge link
    for bridge in wblab0 wblab1 wblab2 wblab3 wblab4; do
        [[ -d /sys/class/net/$bridge ]] || continue
        for link in /sys/class/net/"$bridge"/brif/*; do
            [[ ! -e $link ]] || ip link del "${link##*/}" 2>/dev/null || true
        done
        ip link del "$bridge" 2>/dev/null || true
    done
}

# The bridges of networks that tests had a Docker make: the address says that they are the lab's.
lab_networks() {
    local bridge
    for bridge in /sys/class/net/br-*; do
        bridge=${bridge##*/}
        ! ip -4 -o addr show dev "$bridge" 2>/dev/null | grep -qF " $LAB_NET." || echo "$bridge"
    done
}

# Those that outlived their Docker. Each would take one of the few that the next lab has to give. Who was on them goes a moment
# after its last process; a network with somebody on it is not ours to remove.
remove_lab_networks() {
    local bridge round
    for ((round = 0; round < 20; round++)); do
        for bridge in $(lab_networks); do
            [[ -n $(ls "/sys/class/net/$bridge/brif") ]] || ip link del "$bridge" 2>/dev/null || true
        done
        [[ -n $(lab_networks) ]] || return 0
        sleep 0.1
    done
}

# Podman's netavark keeps its rules in iptables. Away goes what was not there before the lab, and only rules that name the
# lab's network or netavark's chains.
restore_iptables() {
    local table rule before=$LAB/before/iptables
    [[ -e $before ]] || return 0
    for table in nat filter; do
        iptables -t "$table" -S 2>/dev/null | grep '^-A' | grep -E "NETAVARK|[ /]${LAB_NET//./\\.}\.|wblab" |
            grep -vxF -f "$before" | while read -r rule; do
            eval "iptables -t $table -D ${rule#-A }" 2>/dev/null || true
        done
        iptables -t "$table" -S 2>/dev/null | sed -n 's/^-N \(NETAVARK.*\)/\1/p' | while read -r rule; do
            grep -qxF -e "-N $rule" "$before" && continue
            iptables -t "$table" -F "$rule"
            iptables -t "$table" -X "$rule"
        done
    done
}

save_machine_state() {
    local table path
    mkdir -p "$LAB/before"
    for table in nat filter; do iptables -t "$table" -S >>"$LAB/before/iptables" 2>/dev/null || true; done
    cat /proc/sys/net/ipv4/ip_forward >"$LAB/before/ip_forward"
    ls -d /run/netns/* >"$LAB/before/netns" 2>/dev/null || true
    ls -d /sys/fs/cgroup/{,*/}{docker,libpod_parent,libpod_parent/conmon} >"$LAB/before/cgroups" 2>/dev/null || true
    # What the lab's programs make outside of the folder, with no setting to put it elsewhere.
    for path in /etc/docker/key.json /etc/docker /run/docker /run/containerd /run/mount /run/netns /run/runc /run/sshd \
        /run/containers/networks/ipam.db /run/containers /var/lib/containers/cache/blob-info-cache-v1.boltdb \
        /var/lib/containers/cache /var/lib/containers; do
        [[ -e $path ]] || echo "$path"
    done >"$LAB/before/absent"
    # An interrupted save must not be taken for a whole one.
    touch "$LAB/before/done"
}

# Swap out of a file; what it lies on is written into PLACE before it is used. On a loop device that says that it does not
# rotate, where there can be one: virtual disks often say that they do, and then the kernel reads swap ahead by the place on the
# disk, not in memory, which no host with SSDs does. Past the page cache: what leaves memory must not stay in it.
swap_on() { # swap_on FILE PLACE
    local loop
    loop=$(losetup --find --show --direct-io=on "$1" 2>/dev/null) || loop=
    echo "${loop:-$1}" >"$2"
    [[ -z $loop ]] || echo 0 >"/sys/block/${loop##*/}/queue/rotational"
    swapon "${loop:-$1}" 2>/dev/null
}

swap_off() { # swap_off PLACE
    local swap
    swap=$(cat "$1" 2>/dev/null) && [[ -n $swap ]] || return 0
    swapoff "$swap" 2>/dev/null || true
    [[ $swap != /dev/loop* ]] || losetup --detach "$swap" 2>/dev/null || true
    rm -f "$1"
}

# Everything of the lab in this folder, whatever state it is in: never fails because something is half there.
take_down() (
    # A subshell: none of its steps may end the script when there is nothing to do for it.
    set +e +o pipefail
    [[ -d $LAB ]] || exit 0
    # In good order where that is possible, since a killed one leaves shared memory behind.
    "$(dirname "${BASH_SOURCE[0]}")/postgres" stop
    kill_lab_processes
    kill_lab_containers
    # A shim's socket is in containerd's common folder; the container's bundle says which.
    find "$LAB" -xdev -name address -path '*/io.containerd.runtime*' 2>/dev/null | while read -r address; do
        socket=$(sed 's,^unix://,,' "$address")
        [[ $socket != /run/containerd/s/* ]] || rm -f "$socket"
    done
    for id in $(lab_container_ids); do rm -rf --one-file-system "/run/runc/$id"; done
    swap_off "$LAB/swapfile"
    unmount_lab
    if [[ -e $LAB/before/done ]]; then
        remove_lab_netns
        remove_lab_links
        remove_lab_networks
        restore_iptables
        cat "$LAB/before/ip_forward" >/proc/sys/net/ipv4/ip_forward 2>/dev/null || true
    fi
    # Of folders only empty ones: whatever somebody else has put there since stays.
    while read -r path; do
        if [[ -d $path ]]; then find "$path" -depth -type d -empty -delete; else rm -f "$path"; fi
    done < <(cat "$LAB/before/absent" 2>/dev/null)
    # The mark that says "a lab" goes last: killed in between, the next run must still know the folder.
    find "$LAB" -xdev -mindepth 1 -maxdepth 1 ! -name .wakeboard-lab -exec rm -rf --one-file-system {} +
    rm -rf --one-file-system "$LAB"
    [[ ! -e $LAB ]] || say "something of $LAB could not be taken down" >&2
)
