import Shared

/// The Python package `ai_training_utils`, which the agent carries in itself.
enum PythonPackage {
    /// Writes the package below `directory` and makes the environment find it there.
    ///
    /// By a `.pth` file, whose directory comes after the environment's own packages on sys.path
    /// (site(7) of Python): a version that the user pinned in requirements.txt wins, which a
    /// PYTHONPATH would override. The file's second line begins the observer in the processes that
    /// have its variable; a pinned version may have none.
    static func install(below directory: String, sitePackages: String) throws {
        let package = directory + "/ai_training_utils"
        try makeDirectories(package)
        for (name, bytes) in EmbeddedPython.files {
            try AtomicFile.write(Data(bytes), to: package + "/" + name)
        }
        try AtomicFile.write(
            Data((directory + "\n" + hook + "\n").utf8),
            to: sitePackages + "/ai_training_utils.pth")
    }

    /// A line of a `.pth` file is run where it begins with `import` (site(7)), and an exception in it
    /// would be printed at each start of Python.
    static let hook =
        "import os; exec('try:\\n import ai_training_utils._observe\\n"
        + "except ImportError:\\n pass') if os.environ.get('AI_TRAINING_OBSERVE') else None"
}
