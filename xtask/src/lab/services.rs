//! The systems of the lab: what each needs, how it is started, how it is seen to answer. Never decides when.

use std::net::SocketAddr;
use std::path::PathBuf;

use belay_tests::lab::alertmanager::Alertmanager;
use belay_tests::lab::feast::{self, Feast};
use belay_tests::lab::iceberg::Iceberg;
use belay_tests::lab::mlflow::Mlflow;
use belay_tests::lab::part::Part;
use belay_tests::lab::postgres::{self, Postgres};
use belay_tests::lab::prefect::{self, Prefect};
use belay_tests::lab::prometheus::{Prometheus, Sources};
use belay_tests::lab::redis::{self, Redis};
use belay_tests::lab::s3::{self, S3};
use belay_tests::lab::service::answers;
use belay_tests::lab::shop::{self, Shop};
use belay_tests::lab::table::Table;
use belay_tests::lab::unleash::{self, Unleash};

/// A system of the lab.
pub(super) struct System {
    /// What it is called.
    pub(super) name: &'static str,
    /// What it is, for people.
    pub(super) summary: &'static str,
    /// What must be installed.
    pub(super) parts: &'static [Part],
    /// The systems that must answer first.
    pub(super) needs: &'static [&'static str],
    /// Starts it and waits until it answers. Panics where it does not, with the reason.
    pub(super) start: fn(&Place<'_>) -> Box<dyn Send>,
    /// Whether what listens at its address answers.
    pub(super) is_ready: fn(SocketAddr) -> bool,
    /// What else of it listens, each at an address of its own.
    pub(super) also: &'static [&'static str],
    /// What clients need besides its address, by name.
    pub(super) secrets: &'static [(&'static str, &'static str)],
}

/// Where a system runs.
pub(super) struct Place<'a> {
    /// Its own folder.
    pub(super) folder: PathBuf,
    /// Its own address.
    pub(super) address: SocketAddr,
    /// The address of another, or of what else of it listens: `feast/sidecar`.
    pub(super) of: &'a dyn Fn(&str) -> SocketAddr,
}

/// All, in an order in which each comes after what it needs.
pub(super) static ALL: &[System] = &[
    System {
        name: "postgres",
        summary: "PostgreSQL, where Unleash keeps its flags",
        parts: &[Part::Postgres],
        needs: &[],
        start: |place| Box::new(Postgres::start_at(&place.folder, place.address)),
        is_ready: postgres::is_ready,
        also: &[],
        secrets: &[],
    },
    System {
        name: "unleash",
        summary: "Unleash, feature flags",
        parts: &[Part::Unleash],
        needs: &["postgres"],
        start: |place| {
            let database = postgres::url((place.of)("postgres"));
            Box::new(Unleash::start_at(&place.folder, &database, place.address))
        },
        is_ready: |address| answers(address, "/health"),
        also: &[],
        secrets: &[("admin_token", unleash::TOKEN), ("client_token", unleash::CLIENT_TOKEN)],
    },
    System {
        name: "redis",
        summary: "Redis, for caches and for what Feast serves",
        parts: &[Part::Redis],
        needs: &[],
        start: |place| Box::new(Redis::start_at(&place.folder, place.address)),
        is_ready: redis::is_ready,
        also: &[],
        secrets: &[],
    },
    System {
        name: "feast",
        summary: "Feast's feature server over Redis, its sidecar, and pipelines that release and push",
        parts: &[Part::Python],
        needs: &["redis"],
        start: |place| {
            let at = feast::Addresses {
                serving: place.address,
                sidecar: (place.of)("feast/sidecar"),
                pipelines: (place.of)("feast/pipelines"),
            };
            Box::new(Feast::start(&place.folder, (place.of)("redis"), at))
        },
        is_ready: |address| answers(address, "/health"),
        also: &["sidecar", "pipelines"],
        secrets: &[("sidecar_token", feast::TOKEN)],
    },
    System {
        name: "mlflow",
        summary: "MLflow, a model registry with models in it",
        parts: &[Part::Python, Part::Models],
        needs: &[],
        start: |place| Box::new(Mlflow::start_at(&place.folder, place.address)),
        is_ready: |address| answers(address, "/health"),
        also: &[],
        secrets: &[],
    },
    System {
        name: "s3",
        summary: "moto, a stand-in for S3 that believes whoever asks and keeps everything in memory",
        parts: &[Part::Python],
        needs: &[],
        start: |place| Box::new(S3::start_at(&place.folder, place.address)),
        is_ready: s3::is_ready,
        also: &[],
        secrets: &[("key_id", s3::KEY_ID), ("secret", s3::SECRET)],
    },
    System {
        name: "iceberg",
        summary: "an Iceberg REST catalog: a small facade over pyiceberg, no product's server",
        parts: &[Part::Python],
        needs: &[],
        start: |place| Box::new(Iceberg::start_at(&place.folder, place.address)),
        is_ready: |address| answers(address, "/v1/config"),
        also: &[],
        secrets: &[],
    },
    System {
        name: "alertmanager",
        summary: "Alertmanager",
        parts: &[Part::Prometheus],
        needs: &[],
        start: |place| Box::new(Alertmanager::start_at(&place.folder, None, place.address)),
        is_ready: |address| answers(address, "/-/ready"),
        also: &[],
        secrets: &[],
    },
    System {
        name: "prometheus",
        summary: "Prometheus; files in targets/ and rules/ of its folder add to what it watches",
        parts: &[Part::Prometheus],
        needs: &["alertmanager"],
        start: |place| {
            let alertmanager = Some((place.of)("alertmanager"));
            let sources = Sources { alertmanager, ..Sources::default() };
            Box::new(Prometheus::start_at(&place.folder, &sources, place.address))
        },
        is_ready: |address| answers(address, "/-/ready"),
        also: &[],
        secrets: &[],
    },
    System {
        name: "shop",
        summary: "the shop that all of these serve; Prometheus watches its /metrics",
        parts: &[Part::Python],
        needs: &["prometheus"],
        start: |place| Box::new(Shop::start_at(&place.folder, place.address)),
        is_ready: shop::is_ready,
        also: &[],
        secrets: &[],
    },
    System {
        name: "prefect",
        summary: "Prefect, pipelines; its API is below /api",
        parts: &[Part::Prefect],
        needs: &[],
        start: |place| Box::new(Prefect::start_at(&place.folder, place.address)),
        is_ready: prefect::is_ready,
        also: &[],
        secrets: &[],
    },
    System {
        name: "lake",
        summary: "a folder with the Delta table `clicks`; no server",
        parts: &[Part::Python],
        needs: &[],
        start: |place| {
            let table = place.folder.join("clicks");
            if !table.exists() {
                Table::create(&table);
            }
            Box::new(())
        },
        is_ready: |_| true,
        also: &[],
        secrets: &[],
    },
];

/// The system of this name.
pub(super) fn named(name: &str) -> Option<&'static System> {
    ALL.iter().find(|system| system.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_a_name_of_its_own_and_stands_behind_what_it_needs() {
        for (index, system) in ALL.iter().enumerate() {
            let before: Vec<&str> = ALL.iter().take(index).map(|before| before.name).collect();
            assert!(!before.contains(&system.name), "{} stands there twice", system.name);
            assert!(system.needs.iter().all(|needed| before.contains(needed)), "{}", system.name);
        }
    }
}
