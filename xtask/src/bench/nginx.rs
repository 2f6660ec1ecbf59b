//! nginx as operators run it in front of a provider: the yardstick.
//!
//! One worker, kept connections on both sides, an access log in the default format, because a gateway logs each request too, and
//! defaults otherwise. Where an operator would choose, there is a port for each choice: one that does not gather answers, for
//! streams; and one that keeps large requests in memory, which is a third of the cost of the default, a file of 8 KiB writes.

use super::call;
use super::chat::Place;
use super::direct::upstream_place;
use super::options::Options;
use super::process::{self, OwnedProcess};
use super::target::{Route, Start};
use anyhow::Context as _;
use std::fs::Permissions;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;
use tempfile::TempDir;

pub(crate) struct Nginx {
    // Fields are dropped in order: the process must end before its files go.
    process: OwnedProcess,
    ports: Ports,
    directory: TempDir,
}

impl Nginx {
    /// Starts nginx. Its first start is like every other: it keeps nothing.
    pub(crate) async fn start(options: &Options, upstream: SocketAddr) -> anyhow::Result<(Self, Start)> {
        // A worker that root started gives up its rights, and must still reach its files.
        let directory = tempfile::Builder::new().prefix("bench-nginx-").permissions(Permissions::from_mode(0o755)).tempdir()?;
        let ports = Ports::find()?;
        let configuration = directory.path().join("nginx.conf");
        std::fs::write(&configuration, configure(directory.path(), options, upstream, &ports))?;
        let start = Instant::now();
        let process = process::start(
            process::pinned(options.target_core, "nginx")
                .arg("-p")
                .arg(directory.path())
                .arg("-c")
                .arg(&configuration)
                .stdout(Stdio::null()),
        )?;
        let nginx = Self { process, ports, directory };
        let answer = call::first_answer(&nginx.place(Route::Default), start).await.with_context(|| nginx.errors())?;
        Ok((nginx, Start { answer: Some(answer), ..Start::default() }))
    }

    pub(crate) fn place(&self, route: Route) -> Place {
        upstream_place(match route {
            Route::Default => self.ports.default,
            Route::Stream => self.ports.stream,
            Route::InMemory => self.ports.in_memory,
        })
    }

    pub(crate) fn pids(&self) -> anyhow::Result<Vec<u32>> {
        self.process.family()
    }

    fn errors(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("error.log")).unwrap_or_default()
    }
}

/// Where nginx listens.
struct Ports {
    default: SocketAddr,
    stream: SocketAddr,
    in_memory: SocketAddr,
}

impl Ports {
    /// nginx cannot say which ports it was given, so we find some that are free and let them go again.
    fn find() -> anyhow::Result<Self> {
        let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        // All are held until all are found, or the same could be found twice.
        let (default, stream, in_memory) = (free()?, free()?, free()?);
        Ok(Self { default: default.local_addr()?, stream: stream.local_addr()?, in_memory: in_memory.local_addr()? })
    }
}

fn configure(directory: &Path, options: &Options, upstream: SocketAddr, ports: &Ports) -> String {
    let Ports { default, stream, in_memory } = ports;
    let directory = directory.display();
    let connections_max = options.open_files_min();
    format!(
        r#"
worker_processes 1;
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{
    worker_connections {connections_max};
}}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/client_body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    tcp_nodelay on;
    client_max_body_size 64m;
    keepalive_requests 1000000000;
    upstream bench {{
        server {upstream};
        keepalive 128;
        keepalive_requests 1000000000;
    }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    server {{
        listen {default};
        location / {{
            proxy_pass http://bench;
        }}
    }}
    server {{
        listen {stream};
        location / {{
            proxy_pass http://bench;
            proxy_buffering off;
        }}
    }}
    server {{
        listen {in_memory};
        location / {{
            proxy_pass http://bench;
            client_body_buffer_size 2m;
        }}
    }}
}}
"#
    )
}
