# Programs of another Debian release, in a folder beside the system: the machine's own apt sources and packages stay as
# they are. They run by their own loader with their own libraries. To be sourced after lib.sh.
# shellcheck shell=bash

# fetch_debs SUITE FOLDER PACKAGE...: downloads the packages and all that they depend on, libraries included, to FOLDER.
# 1 where this machine has no Debian mirror; a message and 2 where the download fails.
fetch_debs() {
    local suite=$1 folder=$2 mirror apt other
    shift 2
    mirror=$(debian_mirror)
    if [[ -z $mirror && $(os_id) == debian* ]]; then
        # Without lists of packages apt does not know yet which of its sources is Debian itself.
        apt-get -qq update >>"$LAB_CACHE/install.log" 2>&1 || true
        mirror=$(debian_mirror)
    fi
    [[ -n $mirror ]] || return 1
    apt=$folder/.apt
    rm -rf "$folder"
    mkdir -p "$apt"/{lists/partial,cache/archives/partial}
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
    : >"$apt/status" # no package counts as installed: so all libraries are fetched too
    other=(apt-get -qq -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o Dir::State="$apt" -o Dir::State::Lists="$apt/lists" -o Dir::State::status="$apt/status"
        -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -o APT::Update::Post-Invoke::=true
        -o Acquire::Languages=none -o Acquire::Retries=3)
    {
        "${other[@]}" update && "${other[@]}" install -y --no-install-recommends --download-only "$@"
    } >>"$LAB_CACHE/install.log" 2>&1 || {
        tail -n 15 "$LAB_CACHE/install.log" >&2
        return 2
    }
    mv "$apt"/cache/archives/*.deb "$folder"
    rm -rf "$apt"
}

# unpack_debs FOLDER ROOT PATTERN...: unpacks those packages in FOLDER whose file name fits one of the patterns.
unpack_debs() {
    local folder=$1 root=$2 deb pattern
    shift 2
    mkdir -p "$root"
    for deb in "$folder"/*.deb; do
        for pattern; do
            # shellcheck disable=SC2053 # a pattern
            [[ ${deb##*/} != $pattern ]] || { dpkg -x "$deb" "$root" && break; } || return
        done
    done
}

# own_loader ROOT [PLACE]: the words that run a program of ROOT; PLACE is where ROOT will lie then, if it moves.
own_loader() {
    local place=${2:-$1} loader libraries
    loader=$(find "$1" -name 'ld-linux*.so.*' -printf '/%P\n' | head -n 1)
    libraries=$(find "$1" -name 'lib*.so.*' -printf "$place/%P\n" | sed 's,/[^/]*$,,' | sort -u | paste -sd:)
    [[ -n $loader && -n $libraries ]] && echo "$place$loader --library-path $libraries"
}
