# Certificates for the lab: authorities of its own, and what they sign. To be sourced, not run; its functions work in the
# current folder, in which the authorities stay.
# shellcheck shell=bash

# What a server's certificate is for. openssl reads it out of the environment each time.
export LAB_NAMES='IP:127.0.0.1, DNS:localhost'

prepare_certificates() {
    : >index.txt
    cat >openssl.cnf <<'CNF'
[ca]
default_ca = lab
[lab]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unset
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${ENV::LAB_NAMES}
authorityKeyIdentifier = keyid
[client]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
authorityKeyIdentifier = keyid
CNF
}

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

new_ca() { # new_ca NAME
    new_key "$1.key"
    openssl req -config openssl.cnf -x509 -new -key "$1.key" -subj "/CN=wakeboard lab $1" -days 3650 \
        -extensions authority -out "$1.pem"
}

# sign CA KIND DIRECTORY FROM UNTIL. `openssl ca` is the one command that takes dates in the past in every version.
sign() {
    new_key "$3/key.pem"
    openssl req -config openssl.cnf -new -key "$3/key.pem" -subj "/CN=wakeboard lab $2" -out request.pem
    openssl ca -config openssl.cnf -batch -notext -cert "$1.pem" -keyfile "$1.key" -extensions "$2" \
        -startdate "$4" -enddate "$5" -in request.pem -out "$3/cert.pem" 2>>log
}
