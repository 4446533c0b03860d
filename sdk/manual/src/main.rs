//! `manual`: writes the stubs and the reference manual anew, in the project that it was built in.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let source = root.join("sdk/wit/bellwether.wit");
    let text = fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
    for page in manual::pages(&manual::Contract::parse(&text)?) {
        let path = root.join(page.path);
        fs::write(&path, page.text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", page.path);
    }
    Ok(())
}
