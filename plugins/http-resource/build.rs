//! Makes the presets part of the plugin: TOML as operators write it becomes JSON as the plugin reads it.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=presets");
    let mut files: Vec<_> =
        fs::read_dir("presets")?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.sort();
    let mut source =
        "/// Name and configuration, in the order of the names.\npub(crate) const PRESETS: &[(&str, &str)] = &[\n"
            .to_owned();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
        let name = file.file_stem().and_then(|name| name.to_str()).ok_or("a preset's name is no text")?;
        let config: serde_json::Value = toml::from_str(&fs::read_to_string(file)?)?;
        writeln!(source, "    ({name:?}, {:?}),", config.to_string())?;
    }
    source.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("presets.rs"), source)?;
    Ok(())
}
