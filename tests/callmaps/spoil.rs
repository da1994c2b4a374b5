//! Ways to spoil a good callmap.

use proptest::prelude::*;
use serde_json::Value;

/// What may stand in a callmap, and what may not.
pub const PIECES: [&str; 99] = [
    "product",
    "vars",
    "layers",
    "name",
    "need",
    "targets",
    "on_broken",
    "probes",
    "timeout",
    "retries",
    "slow",
    "deadline",
    "parallel",
    "include",
    "dns",
    "http",
    "tcp",
    "tls",
    "resolver",
    "type",
    "transport",
    "expect",
    "any",
    "all",
    "exactly",
    "count",
    "status",
    "cert_days",
    "headers",
    "body",
    "contains",
    "matches",
    "is",
    "json",
    "banner",
    "version",
    "method",
    "redirects",
    "ca",
    "cert",
    "key",
    "insecure",
    "same_body",
    "tenant",
    "role",
    "port",
    "x-",
    "skip",
    "50%",
    "2",
    "-1",
    "0",
    "65536",
    "5s",
    "1e9",
    "1.1",
    "99999999999999999999",
    "200-399",
    "http://a/",
    "https://[::1]:1/$",
    "203.0.113.7",
    "2001:db8::7",
    "pem/ca.pem",
    "parts/edge.yaml",
    "../x",
    "/etc/passwd",
    "${site}",
    "${env:TOKEN}",
    "${env:LINES}",
    "${",
    "}",
    "$$",
    "'(?x)['",
    "'(a{99}){99}'",
    "$.a[0]",
    ": ",
    ":",
    "\n",
    "\n  ",
    "\n      ",
    "- ",
    "[",
    "]",
    "{",
    ",",
    "&a ",
    "*a",
    "<<: *a",
    "!t ",
    "|\n",
    ">-\n",
    "\"",
    "'",
    "#",
    "~",
    "true",
    "租",
    "\u{1b}[2J",
    "\u{202e}",
];

/// One way to spoil something: which, where, how far, and with what.
pub type Way = (u8, usize, usize, usize);

/// All ways.
pub fn ways() -> impl Strategy<Value = Way> {
    (0..14_u8, any::<usize>(), any::<usize>(), any::<usize>())
}

/// Spoils a text.
pub fn text(text: &mut Vec<u8>, (way, at, length, what): Way, others: &[Vec<u8>]) {
    let from = at % (text.len() + 1);
    let to = (from + length % 40).min(text.len());
    let line = |at: usize| {
        let begin = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |it| it + 1);
        let end = text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |it| at + it + 1);
        begin..end
    };
    let piece = PIECES[what % PIECES.len()].as_bytes();
    match way {
        0 => drop(text.drain(from..to)),
        1 => drop(text.splice(from..to, piece.iter().copied())),
        2 => drop(text.splice(from..from, piece.iter().copied())),
        3 => drop(text.drain(line(from))),
        4 => {
            let again = text[line(from)].to_vec();
            text.splice(from..from, again);
        }
        5 => {
            let moved: Vec<u8> = text.drain(line(from)).collect();
            let to = what % (text.len() + 1);
            text.splice(to..to, moved);
        }
        6 => text.truncate(from),
        7 => {
            let other = &others[what % others.len()];
            let begin = length % (other.len() + 1);
            let end = (begin + at % 200).min(other.len());
            text.splice(from..to, other[begin..end].iter().copied());
        }
        8..=12 => {
            // A word for a word: what stays YAML comes far.
            let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.$%/".contains(byte);
            let begin = from + text[from..].iter().position(is_word).unwrap_or(0);
            let end = begin + text[begin..].iter().position(|byte| !is_word(byte)).unwrap_or(0);
            text.splice(begin..end, piece.iter().copied());
        }
        _ => {
            if let Some(byte) = text.get_mut(from) {
                *byte = u8::try_from(what % 256).unwrap();
            }
        }
    }
}

/// Spoils a tree.
pub fn tree(tree: &mut Value, (way, at, length, what): Way, others: &[Value]) {
    let node = pick(tree, at);
    let piece = PIECES[what % PIECES.len()];
    match way {
        0 => *node = Value::Null,
        1 => *node = piece.into(),
        2 => *node = (length % 70_000).into(),
        3 => *node = pick(&mut others[what % others.len()].clone(), length).clone(),
        4 => *node = Value::Array(vec![node.clone(); length % 4]),
        5 => *node = serde_json::json!({ piece: node.clone() }),
        6 => *node = (length as f64 / 1e17).into(),
        7 => *node = (what % 2 == 0).into(),
        _ => match node {
            Value::Object(map) => {
                let Some(key) = map.keys().nth(length % map.len().max(1)).cloned() else { return };
                let value = map.remove(&key).unwrap();
                match way {
                    // Gone, under another key, or beside another one.
                    8 | 9 => {}
                    10 => drop(map.insert(piece.to_owned(), value)),
                    _ => {
                        map.insert(
                            piece.to_owned(),
                            pick(&mut others[at % others.len()].clone(), what).clone(),
                        );
                        map.insert(key, value);
                    }
                }
            }
            Value::Array(list) => {
                let again = list.get(length % list.len().max(1)).cloned();
                list.extend(again.map(|one| vec![one; what % 3]).unwrap_or_default());
            }
            Value::String(text) => {
                let cut = text.char_indices().nth(length % (text.len() + 1)).map_or(text.len(), |(at, _)| at);
                text.insert_str(cut, piece);
            }
            _ => *node = piece.into(),
        },
    }
}

/// A part of a tree: deep ones as often as the tree has them.
fn pick(tree: &mut Value, at: usize) -> &mut Value {
    fn count(tree: &Value) -> usize {
        match tree {
            Value::Array(list) => 1 + list.iter().map(count).sum::<usize>(),
            Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
            _ => 1,
        }
    }
    fn walk(tree: &mut Value, left: usize) -> &mut Value {
        let is_here = left == 0 || !(tree.is_array() || tree.is_object());
        if is_here {
            return tree;
        }
        let mut left = left - 1;
        let parts: Vec<&mut Value> = match tree {
            Value::Array(list) => list.iter_mut().collect(),
            Value::Object(map) => map.values_mut().collect(),
            _ => Vec::new(),
        };
        for part in parts {
            let size = count(part);
            if left < size {
                return walk(part, left);
            }
            left -= size;
        }
        unreachable!("there are so many parts")
    }
    let size = count(tree);
    walk(tree, at % size)
}
