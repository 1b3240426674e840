import Shared

/// The Python package `ai_training_utils`, which the agent carries in itself.
enum PythonPackage {
    /// Writes the package below `directory` and makes the environment find it there.
    ///
    /// By a `.pth` file, whose directory comes after the environment's own packages on sys.path
    /// (site(7) of Python): a version that the user pinned in requirements.txt wins, which a
    /// PYTHONPATH would override.
    static func install(below directory: String, sitePackages: String) throws {
        let package = directory + "/ai_training_utils"
        try makeDirectories(package)
        for (name, bytes) in EmbeddedPython.files {
            try AtomicFile.write(Data(bytes), to: package + "/" + name)
        }
        try AtomicFile.write(
            Data((directory + "\n").utf8), to: sitePackages + "/ai_training_utils.pth")
    }
}
