//! Which columns of a table fit, and where each is.

/// A column that a table would like to have.
#[derive(Clone, Copy, Debug)]
pub struct Want<C> {
    /// Which.
    pub column: C,
    /// Its width in cells, without the gap behind it.
    pub cells: u16,
    /// The lower, the sooner it goes when there is no room.
    pub weight: u8,
}

/// A column in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed<C> {
    /// Which.
    pub column: C,
    /// Its first cell.
    pub x: u16,
    /// Its width in cells.
    pub cells: u16,
}

/// Places the columns in `width` cells. The first one takes what the others leave, and at least `first_least`: until it
/// has that, the lightest column goes.
#[must_use]
pub fn place<C: Copy>(x: u16, width: u16, first_least: u16, wants: &[Want<C>]) -> Vec<Placed<C>> {
    let mut wants = wants.to_vec();
    let rest = |wants: &[Want<C>]| wants.iter().skip(1).map(|want| want.cells + 1).sum::<u16>();
    while wants.len() > 1 && rest(&wants) + first_least > width {
        let lightest = (1..wants.len()).min_by_key(|at| wants[*at].weight).unwrap_or(1);
        wants.remove(lightest);
    }
    if let Some(taken) = width.checked_sub(rest(&wants))
        && let Some(first) = wants.first_mut()
    {
        first.cells = taken;
    }
    let mut x = x;
    wants
        .iter()
        .map(|want| {
            let placed = Placed { column: want.column, x, cells: want.cells };
            x += want.cells + 1;
            placed
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_never_leave_the_pane(width in 1..200u16, cells in prop::collection::vec(1..30u16, 1..8)) {
            let wants: Vec<_> = cells.iter().enumerate()
                .map(|(n, cells)| Want { column: n, cells: *cells, weight: u8::try_from(n).unwrap() })
                .collect();
            let placed = place(3, width, 12, &wants);
            prop_assert_eq!(placed[0].column, 0);
            let end = placed.last().map(|last| last.x + last.cells).unwrap();
            prop_assert!(end <= 3 + width);
        }
    }
}
