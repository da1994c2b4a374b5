//! Memory limits: made small for a moment where that is how memory gets into swap, and put back.

use bollard::models::HostConfig;
use serde_json::{Value, json};

use super::DockerEngine;
use crate::engine::{EngineError, podman};
use crate::model::particulars::Limits;

/// What is left to a container for the moment in which its memory goes into swap, in bytes. Docker takes no less than
/// 6 MiB.
pub const SMALL: i64 = 8 << 20;

/// The limits in an inspect.
pub fn of_host_config(config: &HostConfig) -> Limits {
    Limits {
        memory: config.memory.unwrap_or(0),
        memory_swap: config.memory_swap.unwrap_or(0),
        reservation: config.memory_reservation.unwrap_or(0),
    }
}

/// The update that makes them small. Swap has no bound meanwhile: it is where the memory goes.
pub fn small(limits: Limits) -> Value {
    let mut update = json!({ "Memory": SMALL, "MemorySwap": -1 });
    // Docker refuses a reservation above the limit.
    if limits.reservation > SMALL {
        update["MemoryReservation"] = SMALL.into();
    }
    update
}

/// The update that makes `limits` of what is now; nothing where they are the same. A container without a limit gets one
/// of all the machine's memory: Docker takes 0 for "as it is", and refuses -1.
pub fn back(now: Limits, limits: Limits, machine: i64) -> Option<Value> {
    let wanted = if limits.memory > 0 {
        limits
    } else if now.memory == 0 || now.memory >= machine {
        Limits { memory: now.memory, memory_swap: now.memory_swap, ..limits }
    } else {
        Limits { memory: machine, memory_swap: -1, ..limits }
    };
    let is_same = now.memory == wanted.memory
        && now.memory_swap == wanted.memory_swap
        && (now.reservation == wanted.reservation || wanted.reservation == 0);
    if is_same {
        return None;
    }
    let mut update = json!({ "Memory": wanted.memory, "MemorySwap": wanted.memory_swap });
    if wanted.reservation > 0 {
        update["MemoryReservation"] = wanted.reservation.into();
    }
    Some(update)
}

impl DockerEngine {
    pub(super) async fn put_limits_back(&self, id: &str, limits: Limits) -> Result<(), EngineError> {
        let machine = self.info().await?.memory;
        let config = self.inspect_whole(id).await?.and_then(|inspect| inspect.host_config);
        // Where it is gone, so are its limits.
        let Some(now) = config.as_ref().map(of_host_config) else { return Ok(()) };
        let Some(update) = back(now, limits, machine) else { return Ok(()) };
        if self.libpod().await?.is_some() {
            return Err(podman::cannot("change limits"));
        }
        self.update(id, &update).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const MACHINE: i64 = 1 << 34;
    const NONE: Limits = Limits { memory: 0, memory_swap: 0, reservation: 0 };

    fn limits(memory: i64, memory_swap: i64, reservation: i64) -> Limits {
        Limits { memory, memory_swap, reservation }
    }

    #[rstest]
    #[case::as_they_were(limits(64 << 20, 128 << 20, 0), limits(64 << 20, 128 << 20, 0), None)]
    #[case::never_had_any(NONE, NONE, None)]
    #[case::cut_off(limits(SMALL, -1, 0), limits(64 << 20, 128 << 20, 0), Some((64 << 20, 128 << 20, None)))]
    #[case::cut_off_without_limit(limits(SMALL, -1, 0), NONE, Some((MACHINE, -1, None)))]
    #[case::put_back_before(limits(MACHINE, -1, 0), NONE, None)]
    #[case::reserved(limits(SMALL, -1, SMALL), limits(64 << 20, -1, 32 << 20), Some((64 << 20, -1, Some(32 << 20))))]
    fn limits_come_back(
        #[case] now: Limits,
        #[case] wanted: Limits,
        #[case] update: Option<(i64, i64, Option<i64>)>,
    ) {
        let expected = update.map(|(memory, swap, reservation)| {
            let mut value = json!({ "Memory": memory, "MemorySwap": swap });
            if let Some(reservation) = reservation {
                value["MemoryReservation"] = reservation.into();
            }
            value
        });
        assert_eq!(back(now, wanted, MACHINE), expected);
    }

    #[test]
    fn a_reservation_is_never_above_the_limit() {
        assert_eq!(small(limits(64 << 20, 0, 32 << 20))["MemoryReservation"], SMALL);
        assert!(small(limits(64 << 20, 0, 0)).get("MemoryReservation").is_none());
    }
}
