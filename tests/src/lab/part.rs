//! What the lab is made of, and where it lies. Never installs anything: `cargo xtask lab install` does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::repository;

/// A part of the lab that is installed by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// A virtual environment with MLflow, Feast, `deltalake`, `pyiceberg` and moto.
    Python,
    /// The folder of an MLflow server with models in it.
    Models,
    /// A virtual environment with Prefect.
    Prefect,
    /// A virtual environment with Kinto.
    Kinto,
    /// A virtual environment with Ansible.
    Ansible,
    /// Unleash, as a Node.js package.
    Unleash,
    /// PostgreSQL.
    Postgres,
    /// Redis.
    Redis,
    /// Prometheus and Alertmanager.
    Prometheus,
}

impl Part {
    /// All, in the order in which they are installed: what another needs comes first.
    pub const ALL: [Self; 9] = [
        Self::Redis,
        Self::Prometheus,
        Self::Postgres,
        Self::Unleash,
        Self::Python,
        Self::Models,
        Self::Prefect,
        Self::Kinto,
        Self::Ansible,
    ];

    /// Its name on the command line, and of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Models => "models",
            Self::Prefect => "prefect",
            Self::Kinto => "kinto",
            Self::Ansible => "ansible",
            Self::Unleash => "unleash",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Prometheus => "prometheus",
        }
    }

    /// The part of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// What must be installed for it.
    pub const fn needs(self) -> &'static [Self] {
        match self {
            Self::Models => &[Self::Python],
            Self::Python
            | Self::Prefect
            | Self::Kinto
            | Self::Ansible
            | Self::Unleash
            | Self::Postgres
            | Self::Redis
            | Self::Prometheus => &[],
        }
    }

    /// Its folder.
    pub fn folder(self) -> PathBuf {
        installation().join(self.name())
    }

    /// The file that is written once all of it is there. It holds what it was made from.
    pub fn mark(self) -> PathBuf {
        installation().join(format!("{}.done", self.name()))
    }

    /// Whether all of it is there.
    pub fn is_installed(self) -> bool {
        self.mark().is_file()
    }

    /// Something below its folder.
    ///
    /// # Panics
    /// Where it is not installed.
    pub fn file(self, path: impl AsRef<Path>) -> PathBuf {
        let file = self.folder().join(path);
        let name = self.name();
        assert!(
            self.is_installed() && file.exists(),
            "{} is not there: cargo xtask lab install {name}",
            file.display()
        );
        file
    }
}

/// The folder of everything that is installed. `BELAY_LAB` names another than `target/lab`, for several clones to share.
pub fn installation() -> PathBuf {
    std::env::var_os("BELAY_LAB")
        .filter(|path| !path.is_empty())
        .map_or_else(|| repository::target("lab"), |path: OsString| repository::root().join(path))
}

/// A program of the lab: `redis-server`, `redis-cli`, `postgres`, `initdb`, `psql`, `prometheus`, `promtool`,
/// `alertmanager`, `node`. A small script stands in for each, which finds its libraries, and gives up being root where
/// the program insists on that. It replaces itself by the program.
///
/// # Panics
/// Where it is not installed.
pub fn program(name: &str) -> PathBuf {
    let file = programs().join(name);
    assert!(file.is_file(), "{} is not there: cargo xtask lab install", file.display());
    file
}

/// The folder of the programs, for a `PATH`.
pub fn programs() -> PathBuf {
    installation().join("bin")
}
