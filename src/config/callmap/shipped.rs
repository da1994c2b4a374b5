//! The callmaps that come with wakeboard, to begin with.

/// Their names and texts.
#[must_use]
pub fn shipped() -> [(&'static str, &'static str); 3] {
    [
        ("www.example.com.yaml", include_str!("../../../callmaps/www.example.com.yaml")),
        ("database.yaml", include_str!("../../../callmaps/database.yaml")),
        ("demo.yaml", include_str!("../../../callmaps/demo.yaml")),
    ]
}
