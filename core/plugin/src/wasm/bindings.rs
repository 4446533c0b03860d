//! What sdk/wit says, in Rust.

wasmtime::component::bindgen!({
    path: "../../sdk/wit",
    world: "plugin",
    imports: {
        "bellwether:plugin/tcp": async,
        "bellwether:plugin/http": async,
        "bellwether:plugin/process": async,
        "bellwether:plugin/udp": async,
        "bellwether:plugin/icmp": async,
        "bellwether:plugin/dns": async,
        "bellwether:plugin/files": async,
        "bellwether:plugin/systemd": async,
        "bellwether:plugin/clock.sleep": async,
    },
    exports: { default: async },
    with: {
        "bellwether:plugin/tcp.connection": hostcall::tcp::Connection,
    },
});
