//! `SMTP_CHECK`, `DNS_CHECK`, `UDP_CHECK`, `PING_CHECK`, and `regex` of a url.

mod pattern;

use std::time::Duration;

use model::plan::CheckPlan;
use model::value::{Parameters, Value};

use super::super::args;
use super::super::tree::Item;
use super::Timing;
use crate::diagnostics::Diagnostics;
use crate::plugins;
use crate::words;

const SECOND: Duration = Duration::from_secs(1);

pub(super) fn smtp(block: &Item, timing: &Timing) -> CheckPlan {
    let mut parameters = Parameters::new();
    if let Some(name) = block.last("helo_name") {
        parameters.insert("helo".to_owned(), Value::from(name.arg()));
    }
    timing.plan("smtp", parameters, 1, SECOND)
}

/// Asks again at the usual interval, as keepalived does.
pub(super) fn dns(block: &Item, timing: &Timing, d: &mut Diagnostics) -> CheckPlan {
    let mut parameters = Parameters::new();
    if let Some(name) = block.last("name") {
        parameters.insert("name".to_owned(), Value::from(name.arg()));
    }
    if let Some(item) = block.last("type") {
        let kind = item.arg().to_uppercase();
        if plugins::DNS_TYPES.contains(&kind.as_str()) {
            parameters.insert("type".to_owned(), Value::Text(kind));
        } else {
            let message = format!("`{}` is not a type of DNS record", item.arg());
            d.ignored_value(item.arg_span(), &message, "SOA is asked for, as keepalived does");
        }
    }
    timing.plan("dns", parameters, 3, Duration::ZERO)
}

pub(super) fn udp(block: &Item, timing: &Timing, d: &mut Diagnostics) -> CheckPlan {
    let mut parameters = Parameters::new();
    for (keyword, name, wild) in [("payload", "payload", false), ("require_reply", "reply", true)] {
        let Some(item) = block.last(keyword) else {
            continue;
        };
        let hex: String = item.args().iter().map(|word| word.text.as_str()).collect();
        if plugins::is_hex(&hex, wild) {
            parameters.insert(name.to_owned(), Value::Text(hex.to_lowercase()));
        } else {
            let help = "write two hexadecimal digits for each byte, such as 00ff12";
            d.refused_value(
                item.arg_span(),
                "not bytes in hexadecimal",
                "cannot be sent",
                help,
            );
        }
    }
    for (keyword, name) in [("min_reply_length", "min"), ("max_reply_length", "max")] {
        let length = block
            .last(keyword)
            .and_then(|item| args::number(item, 0, 65_535, d));
        // A bound on what need not come is none; keepalived looks at it only with require_reply.
        if let Some(length) = length.filter(|_| parameters.contains_key("reply"))
            && let Ok(length) = i64::try_from(length)
        {
            parameters.insert(name.to_owned(), Value::Integer(length));
        }
    }
    timing.plan("udp", parameters, 1, SECOND)
}

/// keepalived's echo requests carry 128 bytes.
pub(super) fn ping(timing: &Timing) -> CheckPlan {
    let size = Parameters::from([("size".to_owned(), Value::Integer(128))]);
    timing.plan("ping", size, 1, SECOND)
}

/// `regex`, its options, and whether the page must match or must not.
pub(super) fn regex(block: &Item, d: &mut Diagnostics) -> Option<(String, Value)> {
    for keyword in ["regex_min_offset", "regex_max_offset"] {
        if let Some(item) = block.last(keyword) {
            let why = "what stands elsewhere would count";
            let cure = "write what stands around it into the regex";
            d.not_supported_error(item.span(), keyword, why, cure);
        }
    }
    let item = block.last("regex")?;
    let options = block.last("regex_options");
    let options = options.map_or(&[][..], Item::args).iter();
    let options: Vec<&str> = options.map(|word| word.text.as_str()).collect();
    let written = words::split(item.raw()).unwrap_or_default();
    let written = written.first().map_or(item.arg(), String::as_str);
    let name = match block.last("regex_no_match") {
        Some(_) => "match_not",
        None => "match",
    };
    match pattern::translate(written, &options) {
        Ok(pattern) => Some((name.to_owned(), Value::Text(pattern))),
        Err(what) => {
            let what = format!("{what} in a regex");
            let why = "expressions here are those that take linear time";
            let cure = "write the regex without it, or a plugin of your own in conf.d";
            d.not_supported_error(item.arg_span(), &what, why, cure);
            None
        }
    }
}
