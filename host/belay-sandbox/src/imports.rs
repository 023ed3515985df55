//! The functions that a plugin may call. Each counts, each is recorded, and a read goes nowhere but through `Access`.

use crate::access::Way;
use crate::bindings::{http, log, objects, types};
use crate::edge::reads as edge;
use crate::log::Level;
use crate::moment::Moment;
use crate::read_record::{Read, ReadRequest};
use crate::reads::ObjectRange;

impl types::Host for Moment {}

impl log::Host for Moment {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.host_call()?;
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
        };
        self.log.write(level, message, &self.limits);
        Ok(())
    }
}

impl http::Host for Moment {
    async fn send(&mut self, request: http::Request) -> wasmtime::Result<Result<http::Response, http::Error>> {
        let (connection, asked) = edge::http_request(request);
        let request = ReadRequest { connection, read: Read::HttpSend(asked.clone()) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.http_send(&connection, &asked).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map(edge::http_response).map_err(edge::http_error))
    }

    async fn digest(&mut self, request: http::Request) -> wasmtime::Result<Result<http::Digested, http::Error>> {
        let (connection, asked) = edge::http_request(request);
        let request = ReadRequest { connection, read: Read::HttpDigest(asked.clone()) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.http_digest(&connection, &asked).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map(edge::http_digested).map_err(edge::http_error))
    }
}

impl objects::Host for Moment {
    async fn get(&mut self, connection: String, key: String) -> wasmtime::Result<Result<Vec<u8>, objects::Error>> {
        let request = ReadRequest { connection, read: Read::ObjectGet(key.clone()) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.object_get(&connection, &key).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map_err(edge::object_error))
    }

    async fn head(
        &mut self,
        connection: String,
        key: String,
    ) -> wasmtime::Result<Result<objects::Meta, objects::Error>> {
        let request = ReadRequest { connection, read: Read::ObjectHead(key.clone()) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.object_head(&connection, &key).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map(edge::object_meta).map_err(edge::object_error))
    }

    async fn digest(
        &mut self,
        connection: String,
        key: String,
    ) -> wasmtime::Result<Result<(u64, String), objects::Error>> {
        let request = ReadRequest { connection, read: Read::ObjectDigest(key.clone()) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.object_digest(&connection, &key).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map(|found| (found.size, found.sha256.to_string())).map_err(edge::object_error))
    }

    async fn list(
        &mut self,
        connection: String,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<objects::Meta>, objects::Error>> {
        let range = ObjectRange { prefix, after, limit };
        let request = ReadRequest { connection, read: Read::ObjectList(range.clone()) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.object_list(&connection, &range).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map(|found| found.into_iter().map(edge::object_meta).collect()).map_err(edge::object_error))
    }
}
