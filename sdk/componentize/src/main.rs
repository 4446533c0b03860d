//! Turns the core module that a compiler made of a guest into the component that bellwether loads.
//!
//! `componentize IN.wasm OUT.wasm`

use std::fs;

use anyhow::{Context, bail};
use wit_component::ComponentEncoder;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output] = arguments.as_slice() else {
        bail!("usage: componentize IN.wasm OUT.wasm");
    };
    let module = fs::read(input).with_context(|| format!("cannot read {input}"))?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .with_context(|| {
            format!("cannot make a component of {input}; does it use the crate bellwether-plugin?")
        })?;
    fs::write(output, component).with_context(|| format!("cannot write {output}"))
}
