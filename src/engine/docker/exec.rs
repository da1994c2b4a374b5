//! A program that is run within a container, and the code that it ends with.

use std::time::Duration;

use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};

use super::call::{Call, encoded};
use super::{DockerEngine, LONGEST_CALL};
use crate::engine::EngineError;
use crate::engine::hands::Ran;
use crate::model::plain::plain_to;

/// How much is kept of what it says.
const MOST_SAID: usize = 256;
/// An engine may say for a moment after the last output that the program still runs.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// What a shell says of a program that is not there, or cannot be run.
const NOT_THERE: [i64; 2] = [126, 127];

#[derive(Deserialize)]
struct Made {
    #[serde(rename = "Id")]
    id: String,
}

#[derive(Deserialize)]
struct State {
    #[serde(rename = "Running")]
    running: bool,
    #[serde(rename = "ExitCode")]
    code: Option<i64>,
}

impl DockerEngine {
    pub(super) async fn run_within(
        &self,
        id: &str,
        words: &[String],
        within: Duration,
    ) -> Result<Ran, EngineError> {
        let deadline = Instant::now() + within;
        let what = json!({ "AttachStdout": true, "AttachStderr": true, "Cmd": words });
        let make = Call::post(format!("/containers/{}/exec", encoded(id))).json(&what);
        let Made { id: exec } = make.read(&self.transport, within.min(LONGEST_CALL)).await?;
        let Ok(ran) = timeout_at(deadline, self.follow(&exec)).await else { return Ok(Ran::Going(exec)) };
        ran
    }

    /// Starts it, and reads until it has ended.
    async fn follow(&self, exec: &str) -> Result<Ran, EngineError> {
        let start = Call::post(format!("/exec/{}/start", encoded(exec)));
        let mut output = Vec::new();
        match start.json(&json!({ "Detach": false, "Tty": false })).stream(&self.transport).await {
            Ok(mut body) => {
                while let Some(frame) = body.frame().await {
                    // A stream that breaks says less; the code is asked for all the same.
                    let Ok(frame) = frame else { break };
                    if let Some(bytes) = frame.data_ref() {
                        let room = MOST_SAID.saturating_sub(output.len());
                        output.extend_from_slice(&bytes[..bytes.len().min(room)]);
                    }
                }
            }
            // A program that is not there is refused like a call that is wrong.
            Err(error) if error.is_lost() => return Err(error),
            Err(error) => {
                let code = self.ended(exec).await?.filter(|code| NOT_THERE.contains(code));
                let text = error.to_string();
                let names_it = ["not found", "no such file"].iter().any(|words| text.contains(words));
                return match code.or(names_it.then_some(NOT_THERE[1])) {
                    Some(code) => Ok(Ran::Ended { code, said: plain_to(&text, MOST_SAID).into_owned() }),
                    None => Err(error),
                };
            }
        }
        loop {
            if let Some(code) = self.ended(exec).await? {
                return Ok(Ran::Ended { code, said: said(&output) });
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// The code that it ended with; nothing while it runs.
    pub(super) async fn ended(&self, exec: &str) -> Result<Option<i64>, EngineError> {
        let ask = Call::get(format!("/exec/{}/json", encoded(exec)));
        let state: State = ask.read(&self.transport, LONGEST_CALL).await?;
        Ok(state.code.filter(|_| !state.running))
    }
}

/// The output in one line. It comes in portions, each behind eight bytes that say whose it is and how long.
fn said(output: &[u8]) -> String {
    let (mut text, mut rest) = (Vec::new(), output);
    while let Some((head, more)) = rest.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(more.len());
        text.extend_from_slice(&more[..length]);
        rest = &more[length..];
    }
    let text = String::from_utf8_lossy(&text);
    let words: Vec<&str> = text.split_whitespace().collect();
    plain_to(&words.join(" "), MOST_SAID).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_are_put_together_and_made_harmless() {
        let one = [&[1, 0, 0, 0, 0, 0, 0, 5][..], b"busy\n"].concat();
        let two = [&[2, 0, 0, 0, 0, 0, 0, 10][..], b"cut \x1b[2J o"].concat();
        assert_eq!(said(&[&one[..], &two[..]].concat()), "busy cut ␛[2J o");
        assert_eq!(said(&one[..10]), "bu");
        assert_eq!(said(&[1, 0, 0]), "");
    }
}
