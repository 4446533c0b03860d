//! Grants as they are typed.

use anyhow::{Context, bail};
use model::plan::{ExecGrant, Grants, SecretSource};

/// All that is given, or what is wrong with one.
pub(super) fn parse(given: &[String]) -> anyhow::Result<Grants> {
    let mut grants = Grants::default();
    for grant in given {
        match grant.split_once('=') {
            Some(("net", place)) => {
                let parsed = config::net_grant(place);
                grants.net.push(parsed.with_context(|| {
                    format!("{place:?} is no place for --grant net: such as net=10.0.0.0/8:443")
                })?);
            }
            Some(("read", path)) if path.starts_with('/') => grants.read.push(path.into()),
            Some(("units", unit)) if unit.contains('.') => grants.units.push(unit.to_owned()),
            Some(("secret", named)) if named.contains("=/") => {
                let (name, path) = named.split_once('=').unwrap_or_default();
                grants
                    .secret
                    .insert(name.to_owned(), SecretSource::File(path.into()));
            }
            Some(("exec", command)) => grants.exec.push(exec(command)),
            _ => bail!(
                "{grant:?} is no grant; net=PLACE, read=/PATH, secret=NAME=/PATH, units=NAME.service or \
                 exec=\"/PROGRAM *\""
            ),
        }
    }
    Ok(grants)
}

fn exec(command: &str) -> ExecGrant {
    let mut argv: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    let any_arguments = argv.len() == 2 && argv.last().is_some_and(|last| last == "*");
    if any_arguments {
        argv.truncate(1);
    }
    ExecGrant {
        argv,
        any_arguments,
        user: None,
    }
}
