//! What those who roll back are told of the stack: belay in its workspace, a script in its environment.

use super::Stack;

impl Stack<'_> {
    /// What to write where in the workspace's files.
    pub(crate) fn places(&self) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
        let url = |system: &str| self.address(system).map(|at| format!("http://{at}")).unwrap_or_default();
        let redis = self.address("redis").map(|at| format!("redis://{at}/0")).unwrap_or_default();
        let lake = self.folder("lake").map(|folder| folder.display().to_string()).unwrap_or_default();
        let addresses = vec![
            ("\"UNLEASH\"", format!("\"{}\"", url("unleash"))),
            ("\"LAKE\"", format!("\"{lake}\"")),
            ("\"SIDECAR\"", format!("\"{}\"", url("feast/sidecar"))),
            ("\"SERVING\"", format!("\"{}\"", url("feast"))),
            ("\"MLFLOW\"", format!("\"{}\"", url("mlflow"))),
            ("\"REDIS\"", format!("\"{redis}\"")),
            ("\"PROMETHEUS\"", format!("\"{}\"", url("prometheus"))),
        ];
        let names = vec![
            ("flags/ranker-v9", format!("flags/{}", self.named("ranker-v9"))),
            ("lake/clicks", format!("lake/{}", self.named("shop_clicks"))),
            ("features/clicks", format!("features/{}", self.named("clicks"))),
            ("registry/ranker@", format!("registry/{}@", self.named("checkout-ranker"))),
            ("scores:", format!("{}:", self.named("scores"))),
        ];
        let view = vec![("\"clicks", format!("\"{}", self.named("clicks")))];
        vec![
            ("belay.toml", addresses),
            ("features/checkout-ranker.toml", names),
            ("runbooks/standard-rollback.toml", view),
        ]
    }

    /// The files of tokens.
    pub(crate) fn secrets(&self) -> Vec<(&'static str, String)> {
        vec![
            ("unleash-admin", self.secret("unleash", "admin_token")),
            ("unleash-client", self.secret("unleash", "client_token")),
            ("feast", self.secret("feast", "sidecar_token")),
        ]
    }

    pub(crate) fn secret(&self, system: &str, name: &str) -> String {
        self.lab.systems.get(system).and_then(|system| system.secrets.get(name)).cloned().unwrap_or_default()
    }

    /// What a script is told in its environment.
    pub(crate) fn environment(&self) -> Result<Vec<(&'static str, String)>, String> {
        let url = |system: &str| self.address(system).map(|at| format!("http://{at}"));
        Ok(vec![
            ("UNLEASH", url("unleash")?),
            ("UNLEASH_ADMIN", self.secret("unleash", "admin_token")),
            ("UNLEASH_CLIENT", self.secret("unleash", "client_token")),
            ("SIDECAR", url("feast/sidecar")?),
            ("SIDECAR_TOKEN", self.secret("feast", "sidecar_token")),
            ("SERVING", url("feast")?),
            ("MLFLOW", url("mlflow")?),
            ("PROMETHEUS", url("prometheus")?),
            ("REDIS", format!("redis://{}/0", self.address("redis")?)),
            ("TABLE", self.table()?.display().to_string()),
            ("FLAG", self.named("ranker-v9")),
            ("VIEW", self.named("clicks")),
            ("MODEL", self.named("checkout-ranker")),
            ("CACHE", self.named("scores")),
            ("ENTITIES", r#"[{"user_id":"1"},{"user_id":"2"},{"user_id":"9"}]"#.to_owned()),
        ])
    }
}
