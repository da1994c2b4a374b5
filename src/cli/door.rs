//! The wake door, as the config has it.

use super::Failure;
use crate::config::keeper::Keeper;
use crate::config::{Env, Settings};
use crate::keeper::door::{DoorSettings, TlsFiles};
use crate::model::token::Token;

/// The settings of the door, where the config has one.
///
/// # Errors
/// Its token is not there, or is none.
pub fn settings(settings: &Settings, env: &Env) -> Result<Option<DoorSettings>, Failure> {
    let Some(keeper) = &settings.keeper else { return Ok(None) };
    let Keeper { rules, tls, .. } = keeper;
    let token = keeper.token(env)?.map(|token| Token::of(&token));
    let tls = tls.as_ref().map(|tls| TlsFiles {
        cert: tls.cert.clone(),
        key: tls.key.clone(),
        client_ca: tls.client_ca.clone(),
    });
    Ok(Some(DoorSettings { rules: rules.clone(), token, tls }))
}
