//! The shipped themes can be read: by the program, and by people.

use wakeboard::config::theme::{Color, Slot, Style, Theme};

/// What stands in rows, and so also on the background of the chosen row.
const IN_ROWS: [Slot; 16] = [
    Slot::Text,
    Slot::Dim,
    Slot::Good,
    Slot::Idle,
    Slot::Busy,
    Slot::Bad,
    Slot::Warn,
    Slot::Calm,
    Slot::Absent,
    Slot::Time,
    Slot::Actor,
    Slot::Verb,
    Slot::Object,
    Slot::Match,
    Slot::Gauge,
    Slot::HeaderLabel,
];
/// What stands in the top line too.
const IN_HEADER: [Slot; 12] = [
    Slot::Header,
    Slot::HeaderLabel,
    Slot::Title,
    Slot::Demo,
    Slot::Good,
    Slot::Idle,
    Slot::Busy,
    Slot::Bad,
    Slot::Warn,
    Slot::Calm,
    Slot::Absent,
    Slot::Gauge,
];

fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn luminance(colour: Option<Color>) -> f64 {
    let Some(Color::Rgb(red, green, blue)) = colour else { panic!("{colour:?} is no true colour") };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// The contrast ratio of WCAG 2.
fn contrast(one: Option<Color>, other: Option<Color>) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_shipped_theme_loads_and_stands_alone() {
    assert!(!Theme::shipped().is_empty());
    for (name, text) in Theme::shipped() {
        let theme = Theme::by_name(name).unwrap_or_else(|| panic!("{name} does not load"));
        assert_eq!(theme.name, *name);
        assert!(!text.contains("inherits"), "{name} leans on another theme");
        for slot in Slot::ALL {
            assert_ne!(theme.style(slot), Style::default(), "{name}: {}", slot.as_str());
        }
    }
    assert_eq!(Theme::default().name, "dark");
}

#[test]
fn every_text_stands_out_from_what_is_behind_it() {
    let mut faults = Vec::new();
    for name in Theme::names() {
        let theme = Theme::by_name(name).unwrap();
        let behind = |slot: Slot| theme.style(slot).bg;
        let text = Slot::ALL.into_iter().filter(|slot| *slot != Slot::Border).map(|slot| (slot, Slot::Text));
        let rows = [Slot::Selected, Slot::SelectedUnfocused];
        let rows = rows.into_iter().flat_map(|row| IN_ROWS.map(|slot| (slot, row)));
        let header = IN_HEADER.map(|slot| (slot, Slot::Header));
        for (slot, ground) in text.chain(rows).chain(header) {
            let style = theme.style(slot);
            let fg = style.fg.or(theme.style(Slot::Text).fg);
            let ratio = contrast(fg, style.bg.or(behind(ground)));
            let wanted = match (name, slot) {
                ("wall", _) => 7.0,
                (_, Slot::Dim | Slot::Absent) => 3.0,
                _ => 4.5,
            };
            if ratio < wanted {
                faults.push(format!(
                    "{name}: {} on {}: {ratio:.2} < {wanted}",
                    slot.as_str(),
                    ground.as_str()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_means_different_things_looks_different() {
    for name in Theme::names() {
        let theme = Theme::by_name(name).unwrap();
        let kinds = [Slot::Good, Slot::Idle, Slot::Busy, Slot::Bad, Slot::Warn, Slot::Calm, Slot::Absent];
        for (at, one) in kinds.into_iter().enumerate() {
            for other in &kinds[at + 1..] {
                assert_ne!(theme.style(one), theme.style(*other), "{name}: {one:?} and {other:?}");
            }
        }
        assert_ne!(theme.style(Slot::Selected).bg, theme.style(Slot::SelectedUnfocused).bg, "{name}");
        assert_ne!(theme.style(Slot::Border), theme.style(Slot::BorderFocused), "{name}");
    }
}

#[test]
fn a_theme_may_inherit_and_change_one_slot() {
    let file = std::path::Path::new("mine.yaml");
    let theme = Theme::read(file, "inherits: light\ngood: 208\n").unwrap();
    assert_eq!(theme.name, "mine");
    assert_eq!(theme.style(Slot::Good).fg, Some(Color::Indexed(208)));
    assert_eq!(theme.style(Slot::Bad), Theme::by_name("light").unwrap().style(Slot::Bad));
    let told = Theme::read(file, "good: \"#fff\"\n").unwrap_err().to_string();
    assert!(told.starts_with("mine.yaml:1:7: \"#fff\" is no colour"), "{told}");
    let told = Theme::read(file, "good: green\nbda: red\n").unwrap_err().to_string();
    assert!(
        told.starts_with("mine.yaml:2:1: unknown key `bda`") && told.contains("did you mean `bad`?"),
        "{told}"
    );
    let told = Theme::read(file, "good: green\n").unwrap_err().to_string();
    assert!(told.starts_with("mine.yaml:1:1: styles are missing: text, dim, border,"), "{told}");
    assert!(!told.contains("good,"), "{told}");
    let told = Theme::read(file, "inherits: drak\n").unwrap_err().to_string();
    assert!(told.starts_with("mine.yaml:1:11: there is no shipped theme `drak`"), "{told}");
}
