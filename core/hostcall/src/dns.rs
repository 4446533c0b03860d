//! One question to one name server, by UDP. What a check wants to know is whether that server answers: nothing is
//! followed, cached or asked elsewhere.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::error::{Code, Error};
use crate::host::Call;

mod message;

pub use message::{Answer, Record};

impl Call {
    /// Asks the server at `host` for records of `name`. An answer that says no (NXDOMAIN, REFUSED ...) is an answer;
    /// see [`Answer::code`].
    pub async fn dns_query(
        &self,
        host: &str,
        port: u16,
        name: &str,
        kind: &str,
        timeout: Option<Duration>,
    ) -> Result<Answer, Error> {
        let shown = || format!("dns.query {name} {kind} at {host}:{port}");
        let said = |answer: &Answer| format!("{}, {} records", answer.code, answer.records.len());
        let work = async {
            // Fresh for each question, so that an answer to another one is not taken for its own.
            let id = RandomState::new().hash_one(name) as u16;
            let question = message::Question::new(id, name, kind)?;
            let answer = self.datagrams(host, port, &question.encode(), timeout).await?;
            message::decode(&answer, &question)
                .map_err(|why| Error::new(Code::Protocol, format_args!("{host}: {why}")))
        };
        self.traced(shown, said, work).await
    }
}

#[cfg(test)]
mod tests;
