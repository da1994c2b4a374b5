//! What an open console takes in beside what its hosts tell: notes at its door, and edits of our own files.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::{OnceCell, watch};

use super::Failure;
use crate::config::watched::{WatchedFiles, shown};
use crate::config::{Env, Settings};
use crate::intake::door::{Doors, Places};
use crate::intake::watch::{Listing, Rules, Watch, Watched};
use crate::intake::{IsTenant, NotKept, Tell};
use crate::ledger::Ledger;
use crate::model::change::Record;
use crate::model::fleet::Fleet;
use crate::model::ledger::Where;
use crate::model::token::Token;

/// All that is needed to take in what is told.
pub struct Intake {
    tell: Option<Tell>,
    places: Option<Places>,
    rules: Rules,
}

/// What takes it in. It ends when this is dropped.
pub struct Open {
    _doors: Option<Doors>,
    _watch: Option<Watch>,
}

impl Intake {
    /// What these settings say.
    ///
    /// # Errors
    /// The token of the notes is not there, or is none.
    pub fn of(settings: &Settings, env: &Env) -> Result<Self, Failure> {
        let http = match &settings.notes {
            Some(notes) => Some((notes.listen, Token::of(&notes.token(env)?))),
            None => None,
        };
        let places = |http: Option<(SocketAddr, Token)>| Some(Places { folder: env.runtime_folder()?, http });
        let mut files = WatchedFiles::of(settings, env);
        let list = move || {
            let (files, folders) = files.list();
            let files = files.into_iter().map(|(path, name)| Watched { path, name }).collect();
            Listing { files, folders }
        };
        let secrets = env.clone();
        let rules = Rules {
            list: Box::new(list),
            mask: Arc::new(move |text| shown(text, &secrets)),
            kept: env.state_folder.as_ref().map(|folder| folder.join("wakeboard").join("watched.json")),
            machine: rustix::system::uname().nodename().to_string_lossy().into(),
        };
        Ok(Intake { tell: settings.ledger.clone().map(into_ledger), places: places(http), rules })
    }

    /// Begins. Without a ledger nothing is taken in: it could not be kept.
    pub fn open(self, fleet: watch::Receiver<Arc<Fleet>>) -> Open {
        let Some(tell) = self.tell else { return Open { _doors: None, _watch: None } };
        let is_tenant: IsTenant = Arc::new(move |name| {
            let fleet = fleet.borrow();
            fleet.hosts.iter().any(|host| host.tenants.iter().any(|tenant| &*tenant.name == name))
        });
        let doors = self.places.map(|places| Doors::open(places, tell.clone(), is_tenant));
        Open { _doors: doors, _watch: Some(Watch::start(self.rules, tell)) }
    }
}

/// Keeps records in that ledger, which is opened when the first comes.
fn into_ledger(place: Where) -> Tell {
    let ledger = Arc::new(OnceCell::new());
    Arc::new(move |records: Vec<Record>| {
        let (place, ledger) = (place.clone(), ledger.clone());
        async move {
            let why = |error: crate::ledger::LedgerError| NotKept::Failed(error.to_string().into());
            let ledger: &Ledger = ledger.get_or_try_init(|| Ledger::open(&place)).await.map_err(why)?;
            let appended = ledger.append(&records).await.map_err(why)?;
            match ledger.conflicting(&records, appended).await.map_err(why)? {
                None => Ok(()),
                Some(_) => Err(NotKept::Conflict),
            }
        }
        .boxed()
    })
}
