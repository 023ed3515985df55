//! The functions that a plugin may call. Each counts, each is recorded, and a read goes nowhere but through `Access`.

use belay_domain::json::MAX_INTEGER;
use belay_domain::operation::Body;

use crate::access::Way;
use crate::bindings::{http, keyvalue, log, objects, types};
use crate::edge::reads as edge;
use crate::log::Level;
use crate::moment::Moment;
use crate::read_record::{Read, ReadRequest};
use crate::reads::{KeyCount, KeyFields, KeyScan, ObjectRange};

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

impl keyvalue::Host for Moment {
    async fn get(
        &mut self,
        connection: String,
        key: Vec<u8>,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, keyvalue::Error>> {
        let request = ReadRequest { connection, read: Read::KeyGet(Body(key.clone())) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.key_get(&connection, &key).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map_err(edge::key_error))
    }

    async fn fields(
        &mut self,
        connection: String,
        key: Vec<u8>,
        names: Vec<Vec<u8>>,
    ) -> wasmtime::Result<Result<Vec<Option<Vec<u8>>>, keyvalue::Error>> {
        let fields = KeyFields { key: Body(key), names: edge::bodies(names) };
        let request = ReadRequest { connection, read: Read::KeyFields(fields.clone()) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.key_fields(&connection, &fields).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map(edge::field_values).map_err(edge::key_error))
    }

    async fn head(
        &mut self,
        connection: String,
        key: Vec<u8>,
    ) -> wasmtime::Result<Result<Option<keyvalue::Meta>, keyvalue::Error>> {
        let request = ReadRequest { connection, read: Read::KeyHead(Body(key.clone())) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.key_head(&connection, &key).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map(|found| found.map(edge::key_meta)).map_err(edge::key_error))
    }

    async fn scan(
        &mut self,
        connection: String,
        prefix: Vec<u8>,
        from: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<keyvalue::Page, keyvalue::Error>> {
        let scan = KeyScan { prefix: Body(prefix), from, limit };
        let request = ReadRequest { connection, read: Read::KeyScan(scan.clone()) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.key_scan(&connection, &scan).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map(edge::key_page).map_err(edge::key_error))
    }

    async fn count(
        &mut self,
        connection: String,
        prefix: Vec<u8>,
        most: u64,
    ) -> wasmtime::Result<Result<Option<u64>, keyvalue::Error>> {
        let count = KeyCount { prefix: Body(prefix), most: most.min(MAX_INTEGER.unsigned_abs()) };
        let request = ReadRequest { connection, read: Read::KeyCount(count.clone()) };
        let answer = match self.begin(&request)? {
            Way::Open(connection, reads) => reads.key_count(&connection, &count).await,
            Way::Shut(answer) => answer,
        };
        self.keep(request, &answer)?;
        Ok(answer.map_err(edge::key_error))
    }
}
