//! A connection as Lua holds it.

use std::rc::Rc;

use hostcall::{Error, tcp};
use mlua::{Lua, LuaString, MultiValue, Table, UserData, UserDataMethods, UserDataRef};
use tokio::sync::Mutex;

use super::api::{certificate, endpoint, give, time, tls_options};
use super::run::Run;

/// Shared with its run, which closes it.
pub(super) struct Connection(pub(super) Rc<Mutex<tcp::Connection>>);

impl UserData for Connection {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_async_method(
            "read",
            |lua, this, (max, millis): (Option<u32>, Option<u32>)| async move {
                let run = Run::current()?;
                let max = max.map_or(tcp::READ_MAX, |max| max as usize);
                let result = this.0.lock().await.read(&run.call, max, time(millis)).await;
                bytes(&lua, result)
            },
        );
        methods.add_async_method(
            "read_exact",
            |lua, this, (count, millis): (u32, Option<u32>)| async move {
                let run = Run::current()?;
                let result = this
                    .0
                    .lock()
                    .await
                    .read_exact(&run.call, count as usize, time(millis))
                    .await;
                bytes(&lua, result)
            },
        );
        methods.add_async_method("read_until", read_until);
        methods.add_async_method(
            "write",
            |lua, this, (data, millis): (LuaString, Option<u32>)| async move {
                let run = Run::current()?;
                let data = data.as_bytes().to_vec();
                let result = this.0.lock().await.write(&run.call, &data, time(millis)).await;
                give(&lua, result.map(|()| true))
            },
        );
        methods.add_async_method("start_tls", |lua, this, options: Option<Table>| async move {
            let run = Run::current()?;
            let options = tls_options(options.as_ref())?;
            let result = this.0.lock().await.start_tls(&run.call, &options).await;
            give(&lua, result.map(|()| true))
        });
        methods.add_async_method("peer_certificate", |lua, this, ()| async move {
            certificate(&lua, this.0.lock().await.certificate())
        });
        methods.add_async_method("protocol", |_, this, ()| async move {
            Ok(this.0.lock().await.protocol())
        });
        methods.add_async_method("local_endpoint", |lua, this, ()| async move {
            endpoint(&lua, &this.0.lock().await.local())
        });
        methods.add_async_method("remote_endpoint", |lua, this, ()| async move {
            endpoint(&lua, this.0.lock().await.remote())
        });
        methods.add_async_method("close", |_, this, ()| async move {
            this.0.lock().await.close();
            Ok(())
        });
    }
}

async fn read_until(
    lua: Lua,
    this: UserDataRef<Connection>,
    (delimiter, max, millis): (LuaString, Option<u32>, Option<u32>),
) -> mlua::Result<MultiValue> {
    let run = Run::current()?;
    let max = max.map_or(tcp::READ_MAX, |max| max as usize);
    let delimiter = delimiter.as_bytes().to_vec();
    let result = this
        .0
        .lock()
        .await
        .read_until(&run.call, &delimiter, max, time(millis))
        .await;
    bytes(&lua, result)
}

fn bytes(lua: &Lua, result: Result<Vec<u8>, Error>) -> mlua::Result<MultiValue> {
    match result {
        Ok(bytes) => give(lua, Ok(lua.create_string(bytes)?)),
        Err(error) => give::<LuaString>(lua, Err(error)),
    }
}
