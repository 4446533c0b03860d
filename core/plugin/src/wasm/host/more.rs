//! Datagrams, echoes, names and files.

use super::super::bindings::bellwether::plugin::types::Error;
use super::super::bindings::bellwether::plugin::{dns, files, icmp, udp};
use super::super::run::time;
use super::Run;

impl udp::Host for Run {
    async fn exchange(
        &mut self,
        host: String,
        port: u16,
        data: Vec<u8>,
        timeout: Option<u32>,
    ) -> Result<Vec<u8>, Error> {
        Ok(self.call.udp_exchange(&host, port, &data, time(timeout)).await?)
    }
}

impl icmp::Host for Run {
    async fn ping(&mut self, host: String, size: Option<u32>, timeout: Option<u32>) -> Result<u64, Error> {
        let took = self.call.ping(&host, size, time(timeout)).await?;
        Ok(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
    }
}

impl dns::Host for Run {
    async fn query(
        &mut self,
        host: String,
        port: u16,
        name: String,
        kind: String,
        timeout: Option<u32>,
    ) -> Result<dns::Answer, Error> {
        let answer = self
            .call
            .dns_query(&host, port, &name, &kind, time(timeout))
            .await?;
        let entries = answer.records.into_iter().map(|record| dns::Entry {
            name: record.name,
            kind: record.kind,
            ttl: record.ttl,
            data: record.data,
        });
        Ok(dns::Answer {
            code: answer.code,
            authoritative: answer.authoritative,
            truncated: answer.truncated,
            entries: entries.collect(),
        })
    }
}

impl files::Host for Run {
    async fn read(&mut self, path: String, max: Option<u32>) -> Result<Vec<u8>, Error> {
        Ok(self.call.read_file(&path, max).await?)
    }

    async fn facts(&mut self, path: String) -> Result<Option<files::Properties>, Error> {
        let facts = self.call.file_facts(&path).await?;
        Ok(facts.map(|facts| files::Properties {
            size: facts.size,
            age: u64::try_from(facts.age.as_millis()).unwrap_or(u64::MAX),
            is_directory: facts.is_directory,
        }))
    }

    async fn processes(&mut self, name: String) -> Result<Vec<u32>, Error> {
        Ok(self.call.processes(&name).await?)
    }
}
