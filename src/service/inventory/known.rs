//! One host, as the inventory knows it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::container::ContainerId;
use crate::model::fleet::{self, EngineAbout, Host, Link};
use crate::model::host::HostSpec;
use crate::model::overlay::Overlay;
use crate::model::picture::Picture;
use crate::service::Line;

/// What is known of one host.
pub(super) struct Known {
    pub line: Line,
    pub picture: Picture,
    pub link: Link,
    pub engine: Option<Arc<EngineAbout>>,
    pub heard: Option<Timestamp>,
    /// When it had last told us anything before it was lost.
    pub heard_before_loss: Option<Timestamp>,
    /// The first list has come: what later lists find is a change.
    pub listed: bool,
    /// What it remembers from before we listened has come.
    pub remembered: bool,
    /// What tickets and sleepers say of it.
    pub overlay: Overlay,
    /// The snapshot.
    pub shown: Arc<Host>,
    /// It is older than the picture.
    pub dirty: bool,
}

impl Known {
    pub fn new(line: Line) -> Self {
        Known {
            shown: Arc::new(unasked(&line.spec)),
            line,
            picture: Picture::default(),
            link: Link::Connecting,
            engine: None,
            heard: None,
            heard_before_loss: None,
            listed: false,
            remembered: false,
            overlay: Overlay::default(),
            dirty: false,
        }
    }

    /// Orders an inspect. Where too many wait already, a list is the cheaper way.
    pub fn ask(&self, id: ContainerId) {
        if self.line.orders.try_send(id).is_err() {
            self.line.reconcile.notify_one();
        }
    }

    /// Makes the snapshot anew.
    pub fn redraw(&mut self) {
        self.dirty = false;
        self.shown = Arc::new(Host {
            name: self.shown.name.clone(),
            endpoint: self.shown.endpoint.clone(),
            link: self.link.clone(),
            engine: self.engine.clone(),
            heard: self.heard,
            remembered: self.remembered,
            unclear: self.picture.is_unclear(),
            tenants: fleet::tenants(&self.shown.name, &self.picture, &self.link, &self.overlay),
        });
    }
}

/// A host of which nothing is known yet.
fn unasked(spec: &HostSpec) -> Host {
    Host {
        name: spec.name.clone(),
        endpoint: spec.endpoint.to_string().into(),
        link: Link::Connecting,
        engine: None,
        heard: None,
        remembered: false,
        unclear: false,
        tenants: Vec::new(),
    }
}
