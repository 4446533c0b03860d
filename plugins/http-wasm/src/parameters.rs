//! What is asked, and what has to be answered. All of it is looked at before anything is asked.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use bellwether_plugin::{Error, mistake};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::bad;

pub struct Parameters {
    pub common: Common,
    pub urls: Vec<Url>,
}

/// For all URLs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    pub scheme: Option<String>,
    pub method: Option<String>,
    pub host: Option<String>,
    #[serde(default)]
    pub request_headers: BTreeMap<String, String>,
    pub sni: Option<String>,
    #[serde(default)]
    pub verify: bool,
    pub ca_file: Option<String>,
    pub client_file: Option<String>,
    pub days_left: Option<f64>,
    pub redirects: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Url {
    pub path: Option<String>,
    pub host: Option<String>,
    status: Option<Vec<Status>>,
    pub digest: Option<String>,
    #[serde(rename = "match")]
    pub wanted: Option<String>,
    #[serde(rename = "match_not")]
    pub unwanted: Option<String>,
    #[serde(default)]
    pub response_headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Status {
    Code(u16),
    Range(String),
}

const OF_URL: [&str; 7] = ["path", "host", "status", "digest", "match", "match_not", "response_headers"];

impl Parameters {
    /// From a JSON object. One URL may stand among the common parameters instead of in `urls`.
    pub fn read(json: &str) -> Result<Self, Error> {
        let mut given: Map<String, Value> = typed(serde_json::from_str(json))?;
        let host = given.get("host").cloned();
        let listed = given.remove("urls");
        let (of_url, mut rest): (Map<_, _>, Map<_, _>) =
            given.into_iter().partition(|(name, _)| OF_URL.contains(&name.as_str()));
        rest.extend(host.map(|host| ("host".to_owned(), host)));
        let new = Self {
            common: read(rest.into())?,
            urls: match listed {
                Some(urls) => read(urls)?,
                None => vec![read(of_url.into())?],
            },
        };
        if !matches!(new.common.scheme.as_deref(), None | Some("http" | "https")) {
            return bad("the scheme of http is neither http nor https");
        }
        new.urls.iter().try_for_each(Url::look)?;
        Ok(new)
    }
}

impl Url {
    fn look(&self) -> Result<(), Error> {
        if let Some(path) = &self.path
            && !path.starts_with('/')
        {
            return bad(format_args!("path {path} of http does not begin with /"));
        }
        if let Some(digest) = &self.digest
            && !(digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            return bad(format_args!("digest {digest} of http is not an MD5: it must be 32 hexadecimal digits"));
        }
        self.ranges().map(drop)
    }

    /// The codes that are good.
    pub fn ranges(&self) -> Result<Vec<RangeInclusive<u16>>, Error> {
        let Some(list) = &self.status else {
            return Ok(vec![200..=299]);
        };
        list.iter().map(Status::range).collect()
    }
}

impl Status {
    fn range(&self) -> Result<RangeInclusive<u16>, Error> {
        let range = match self {
            Self::Code(code) => Some((*code, *code)),
            Self::Range(range) => {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                from.parse().ok().zip(to.parse().ok())
            }
        };
        match range {
            Some((from, to)) if from >= 100 && from <= to && to <= 599 => Ok(from..=to),
            _ => bad("status of http is neither a code (200) nor a range (\"200-299\")"),
        }
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    typed(serde_json::from_value(value))
}

fn typed<T>(found: serde_json::Result<T>) -> Result<T, Error> {
    found.map_err(|error| mistake(format_args!("bad parameters for http: {error}")))
}
