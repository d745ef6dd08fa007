//! The name by which a class is known in every process.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

use super::obstacle::Obstacle;

/// `module.qualname`, as it is encoded: `__main__` stands for another module in every program, so
/// it is replaced by what the running one is.
///
/// # Errors
/// A class that is defined inside a function is refused, as `pickle` does: each run of that
/// function makes another class of that name. `owner` is excepted, the class in whose body the
/// cached function itself is defined: that function's operation tells the two apart.
pub(super) fn lasting(class: &Bound<'_, PyType>, owner: Option<&str>) -> Result<String, Obstacle> {
    let qualname = class.qualname()?;
    let qualname = qualname.to_str()?;
    if qualname.contains("<locals>") && owner != Some(qualname) {
        return Err(Obstacle::class(
            class,
            "its class is defined inside a function, where each run makes another class of that name",
        ));
    }
    let module = class.module()?;
    let module = module.to_str()?;
    match module {
        // The second is its name in a child that `multiprocessing` spawned.
        "__main__" | "__mp_main__" => Ok(format!("{}.{qualname}", main_module(class.py())?)),
        _ => Ok(format!("{module}.{qualname}")),
    }
}

/// The class in whose body a function of this qualified name is defined.
pub(super) fn owner(function: &str) -> Option<String> {
    let (owner, _) = function.rsplit_once('.')?;
    (!owner.ends_with("<locals>")).then(|| owner.to_owned())
}

/// `python -m app.tool`: `app.tool`. `python tool.py`: the script's absolute path.
fn main_module(py: Python<'_>) -> PyResult<&str> {
    static NAME: PyOnceLock<String> = PyOnceLock::new();
    NAME.get_or_try_init(py, || find_main_module(py)).map(String::as_str)
}

fn find_main_module(py: Python<'_>) -> PyResult<String> {
    let main = py.import(intern!(py, "__main__"))?;
    if let Some(spec) = main.getattr_opt(intern!(py, "__spec__"))?.filter(|it| !it.is_none()) {
        return spec.getattr(intern!(py, "name"))?.extract();
    }
    let Some(file) = main.getattr_opt(intern!(py, "__file__"))?.filter(|it| !it.is_none()) else {
        return Ok("__main__".to_owned());
    };
    let path = py.import(intern!(py, "os.path"))?.call_method1(intern!(py, "abspath"), (file,))?;
    Ok(path.cast_into::<PyString>()?.to_str()?.to_owned())
}
