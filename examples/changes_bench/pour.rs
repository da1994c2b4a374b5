//! Appending: as fast as it goes, and at a given rate with questions meanwhile.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use wakeboard::ledger::Ledger;
use wakeboard::model::ask::{Ask, Range};
use wakeboard::model::change::Record;

use super::story::Story;
use super::{Failure, memory, middle, open};

/// The days that are filled.
const DAYS: i64 = 30;
/// The most records of a batch.
const BATCH: usize = 2000;
/// How often those who tell of events do.
const BEAT: Duration = Duration::from_millis(100);

pub async fn fill(ledger: &Ledger, count: u64) -> Result<(), Failure> {
    let (mut story, begun) = (Story::new(0), Instant::now());
    let first = Timestamp::now().checked_sub(SignedDuration::from_hours(24 * DAYS))?;
    let step = DAYS * 24 * 3600 * 1_000_000 / i64::try_from(count.max(1))?;
    let (mut batch, mut records) = (Vec::new(), 0);
    for number in 0..count {
        let time = first.checked_add(SignedDuration::from_micros(step * i64::try_from(number)?))?;
        batch.extend(story.next(time));
        if batch.len() >= BATCH || number + 1 == count {
            records += ledger.append(&batch).await?.new;
            batch.clear();
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("filled\t{records}\t{seconds:.1}\t{:.0}\t{:.0}", records as f64 / seconds, memory());
    Ok(())
}

/// Each of the writers is a console that hears of the same events, as two do that look at the same hosts.
pub async fn pour(place: &str, rate: usize, seconds: u64, writers: u64) -> Result<(), Failure> {
    let watching = Arc::new(open(place).await?);
    let before = watching.newest_record().await?;
    let over = Arc::new(AtomicBool::new(false));
    let latest = Arc::new(AtomicUsize::new(0));
    let asking = tokio::spawn(questions(watching.clone(), over.clone()));
    let run = u64::try_from(Timestamp::now().as_millisecond())?;
    let mut tasks = Vec::new();
    for _ in 0..writers {
        tasks.push(tokio::spawn(write(open(place).await?, run, rate, seconds, latest.clone())));
    }
    let mut told = 0;
    let mut times = Vec::new();
    for task in tasks {
        let (count, took) = task.await??;
        told = told.max(count);
        times.extend(took);
    }
    over.store(true, Ordering::Relaxed);
    let asked = asking.await??;
    let kept = usize::try_from(watching.newest_record().await?.seq - before.seq)?;
    let (append, append_most) = middle(times);
    let (question, question_most) = middle(asked);
    println!(
        "poured\t{told}\t{kept}\t{append:.1}\t{append_most:.1}\t{}\t{question:.1}\t{question_most:.1}\t{:.0}",
        latest.load(Ordering::Relaxed),
        memory()
    );
    Ok(())
}

/// Appends what is there each time. How many records, and how long each batch took; `latest` is the most that waited.
async fn write(
    ledger: Ledger,
    run: u64,
    rate: usize,
    seconds: u64,
    latest: Arc<AtomicUsize>,
) -> Result<(usize, Vec<Duration>), Failure> {
    let (mut story, begun) = (Story::new(run), Instant::now());
    let (mut told, mut waiting, mut times) = (0, Vec::<Record>::new(), Vec::new());
    let mut beats = tokio::time::interval(BEAT);
    let first = Timestamp::from_millisecond(i64::try_from(run)?)?;
    let mut rest_of_act = VecDeque::new();
    loop {
        let due = if begun.elapsed().as_secs() < seconds {
            beats.tick().await;
            usize::try_from(begun.elapsed().as_millis())? * rate / 1000
        } else {
            usize::try_from(seconds)? * rate
        };
        while told < due {
            if rest_of_act.is_empty() {
                // All consoles hear of the same events: at the same times.
                let millis = i64::try_from(told * 1000 / rate.max(1))?;
                rest_of_act.extend(story.engine(first.checked_add(SignedDuration::from_millis(millis))?));
            }
            waiting.extend(rest_of_act.pop_front());
            told += 1;
        }
        latest.fetch_max(waiting.len(), Ordering::Relaxed);
        while !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(BATCH));
            let at = Instant::now();
            ledger.append(&waiting).await?;
            times.push(at.elapsed());
            waiting = rest;
        }
        if begun.elapsed().as_secs() >= seconds && told >= usize::try_from(seconds)? * rate {
            return Ok((told, times));
        }
    }
}

/// What a console asks ten times a second.
async fn questions(ledger: Arc<Ledger>, over: Arc<AtomicBool>) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let from = Timestamp::now().checked_sub(SignedDuration::from_secs(60))?;
        let ask = Ask { range: Some(Range { from, to: None }), terms: Vec::new() };
        let at = Instant::now();
        ledger.changes(&ask, 200).await?;
        ledger.newest_record().await?;
        times.push(at.elapsed());
        tokio::time::sleep(BEAT).await;
    }
    Ok(times)
}
