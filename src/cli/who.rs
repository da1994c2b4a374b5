//! Who sits at this terminal.

/// Who asks, and from which machine. A name that says its place already (`op1@war-room`) stays as it is.
pub fn who(operator: Option<&str>) -> String {
    let of_environment = || std::env::var("USER").ok().filter(|user| !user.is_empty());
    let user = operator.map(str::to_owned).filter(|user| !user.is_empty());
    let user = user.or_else(of_environment).or_else(account);
    let mut text = user.unwrap_or_else(|| "somebody".to_owned());
    if !text.contains('@') {
        text = format!("{text}@{}", rustix::system::uname().nodename().to_string_lossy());
    }
    crate::model::plain::plain(&text).into_owned()
}

/// The largest list of accounts that is read, in bytes.
const LONGEST_LIST: u64 = 4 << 20;

/// The account that runs this process, where the environment does not name it: services and `env -i` have no `$USER`.
fn account() -> Option<String> {
    use std::io::Read as _;
    let mut list = String::new();
    std::fs::File::open("/etc/passwd").ok()?.take(LONGEST_LIST).read_to_string(&mut list).ok()?;
    let id = rustix::process::getuid().as_raw();
    Some(name_of(&list, id).map_or_else(|| format!("uid {id}"), str::to_owned))
}

/// The name of the account with that number, of a list like `/etc/passwd`.
fn name_of(list: &str, id: u32) -> Option<&str> {
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(id) && !name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn accounts_have_names() {
        let list = "root:x:0:0:root:/root:/bin/sh\n# none\n:x:8:8::/:\nops:x:1000:1000::/home/ops:/bin/sh\n";
        assert_eq!([0, 1000, 8, 1].map(|id| name_of(list, id)), [Some("root"), Some("ops"), None, None]);
    }
}
