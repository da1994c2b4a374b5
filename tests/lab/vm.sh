# The virtual machine of the lab: one more Docker, newer than the others, on a host with cgroup v2. Sourced by lib.sh.
# shellcheck shell=bash

# Docker in the virtual machine answers on this port of 127.0.0.1, the next one is a shell for tests, and the sixteen after
# that lead to the same ports in there, for containers to publish. They lie below those that free_port chooses from.
VM_PORT=${WAKEBOARD_LAB_VM_PORT:-19750}
# shellcheck disable=SC2034 # lib.sh uses it
VM_DEADLINE=180 # seconds to boot; it is emulated, since nested virtualization works on few machines

# It takes programs and packages of Debian 13, which `install` gets where there is a mirror.
vm_possible() { [[ -x $LAB_CACHE/qemu/bin/qemu-system-x86_64 ]]; }

vm_published_ports() { seq -s ' ' $((VM_PORT + 2)) $((VM_PORT + 17)); }

# Boots it from the disk as it was built: whatever is written is gone when it ends, since it goes to a file that QEMU has
# unlinked. Not reachable but from here, and from inside there is no way out.
start_vm() {
    local dir=$LAB/docker-v2 place port net
    # Whatever answers there would be taken for ours.
    if (exec 3<>"/dev/tcp/127.0.0.1/$VM_PORT") 2>/dev/null; then
        say "port $VM_PORT is taken: give another one in WAKEBOARD_LAB_VM_PORT" >&2
        return 1
    fi
    place=$("$LAB_SCRIPTS/vm-disk") || return
    net=user,model=virtio-net-pci,restrict=on
    net+=,hostfwd=tcp:127.0.0.1:$VM_PORT-:2375,hostfwd=tcp:127.0.0.1:$((VM_PORT + 1))-:2376
    for port in $(vm_published_ports); do net+=,hostfwd=tcp:127.0.0.1:$port-:$port; done
    mkdir -p "$dir"
    # The folder of the lab is often in memory, and too small for a disk.
    TMPDIR=$LAB_CACHE spawn "$dir/spawn.pid" "$dir/log" "$LAB_CACHE/qemu/bin/qemu-system-x86_64" -name "$dir" \
        -machine q35 -accel tcg,thread=multi -cpu max -smp 2 -m 2048 -nodefaults -no-user-config -display none -no-reboot \
        -kernel "$place/vmlinuz" -append "root=/dev/nvme0n1 ro console=ttyS0 quiet panic=-1 mitigations=off" \
        -drive "if=none,id=disk,format=raw,snapshot=on,file=$place/disk" -device nvme,serial=lab,drive=disk \
        -nic "$net" -serial stdio
}

# vm_run COMMAND: runs it by a root shell in the virtual machine; gives back its output and its exit code.
vm_run() (
    exec 3<>"/dev/tcp/127.0.0.1/$((VM_PORT + 1))" || die "the virtual machine does not answer"
    # The mark is as good as one that no output has by chance; the line before it belongs to it, not to the output.
    # shellcheck disable=SC2016 # for the shell in there
    printf '( %s\n) 2>&1 </dev/null; code=$?; echo; echo "wakeboard-lab-end $code"; exit\n' "$1" >&3
    before='' code=''
    while IFS= read -r line <&3; do
        case $line in
        'wakeboard-lab-end '*) code=${line##* } && break ;;
        esac
        printf '%s' "$before${line}"
        before=$'\n'
    done
    [[ -n $code ]] || die "the virtual machine hung up"
    exit "$code"
)
