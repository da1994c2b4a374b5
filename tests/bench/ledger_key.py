"""The key of a ledger that is shared: one in SQLite makes its own."""

import os
import secrets


def ledger_key(folder, ledger):
    """The line of the config, if it needs one."""
    if not ledger.startswith("postgres"):
        return ""
    path = f"{folder}/ledger.key"
    if not os.path.exists(path):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    return f"ledger_key: '{path}'\n"
