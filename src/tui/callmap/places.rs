//! Where the parts of the callmap pane are.

use ratatui::layout::Rect;

/// From this width on layers and probes stand side by side.
const BESIDE: u16 = 90;
/// From this width on what was before has a column of its own.
const WITH_NOTES: u16 = 124;
/// What a layer's line takes, and how much more with the strip of its last verdicts.
const LAYERS: u16 = 36;
const STRIP: u16 = 14;

/// Where the parts of the pane are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// The layers.
    pub layers: Rect,
    /// The probes of the selected layer.
    pub probes: Rect,
    /// What changed near, and what was before. Without a column of its own it stands below the probes.
    pub notes: Option<Rect>,
    /// Whether the probes stand beside the layers, not below them.
    pub is_beside: bool,
}

/// Lays the pane out for so many layers. There is one line or column between the parts for a rule.
#[must_use]
pub fn places(inner: Rect, layers: usize, has_strip: bool) -> Places {
    let Rect { x, y, width, height } = inner;
    if width < BESIDE {
        let half = (height.saturating_sub(1) / 2).max(1);
        let upper = u16::try_from(layers).unwrap_or(half).clamp(1, half).min(height);
        let lower = height.saturating_sub(upper + 1);
        return Places {
            layers: Rect::new(x, y, width, upper),
            probes: Rect::new(x, (y + upper + 1).min(inner.bottom()), width, lower),
            notes: None,
            is_beside: false,
        };
    }
    let left = LAYERS + if has_strip { STRIP } else { 0 };
    let right = if width >= WITH_NOTES { (width * 3 / 10).clamp(40, 72) } else { 0 };
    let gap = u16::from(right > 0);
    let middle = width - left - 1 - right - gap;
    Places {
        layers: Rect::new(x, y, left, height),
        probes: Rect::new(x + left + 1, y, middle, height),
        notes: (right > 0).then(|| Rect::new(inner.right() - right, y, right, height)),
        is_beside: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_stay_within_the_pane_and_apart(
            width in 0..400u16, height in 0..60u16, layers in 0..40usize, has_strip: bool,
        ) {
            let inner = Rect::new(1, 10, width, height);
            let places = places(inner, layers, has_strip);
            let parts = [Some(places.layers), Some(places.probes), places.notes];
            let parts: Vec<Rect> = parts.into_iter().flatten().collect();
            for (at, part) in parts.iter().enumerate() {
                prop_assert_eq!(part.intersection(inner).area(), part.area(), "{:?} in {:?}", part, inner);
                for other in &parts[at + 1..] {
                    prop_assert!(!part.intersects(*other));
                }
            }
        }
    }

    #[test]
    fn there_is_room_for_probes_on_the_least_screen() {
        let places = places(Rect::new(1, 2, 58, 11), 5, false);
        assert_eq!((places.layers.height, places.probes.height), (5, 5));
    }
}
