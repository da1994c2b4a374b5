//! Who sits at this terminal.

/// Who asks, and from which machine. A name that says its place already (`op1@war-room`) stays as it is.
pub fn who(operator: Option<&str>) -> String {
    let user =
        operator.map(str::to_owned).or_else(|| std::env::var("USER").ok()).filter(|user| !user.is_empty());
    let mut text = user.unwrap_or_else(|| "somebody".to_owned());
    if !text.contains('@') {
        text = format!("{text}@{}", rustix::system::uname().nodename().to_string_lossy());
    }
    crate::model::plain::plain(&text).into_owned()
}
