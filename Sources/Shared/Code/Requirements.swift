/// What a directory of code asks to be installed, found by the names of its files.
package struct Requirements: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        case nothing
        /// `requirements.txt`, which takes precedence over the others.
        case file
        /// `uv.lock`, with its `pyproject.toml`.
        case lock
        /// `pyproject.toml` with a `[project]` table. As in uv, it is a package to be installed where it
        /// says how to build it, and otherwise a list of dependencies.
        case project(isPackage: Bool)
    }

    package let directory: String
    package let source: Source
    /// Whether there is an `install.sh`.
    package let hasScript: Bool
    /// A sentence for each file that asks for packages and is not used, with the way on.
    package let remarks: [String]

    package static let fileName = "requirements.txt"
    package static let scriptName = "install.sh"
    private static let largest = 4 << 20

    /// - Throws: `Failure` with exit code 2 where one of the files cannot be what its name says.
    package init(of directory: String) throws {
        self.directory = directory
        for name in [Self.fileName, Self.scriptName] where isDirectory(directory + "/" + name) {
            throw Failure.usage(
                "\(quoted(directory + "/" + name)) is a directory, where a file is expected",
                hint: "rename it, or remove it")
        }
        hasScript = exists(directory + "/" + Self.scriptName)
        if hasScript { try Self.checkScript(directory + "/" + Self.scriptName) }
        let project = try Self.text(directory + "/pyproject.toml")
        let tables = Set(
            (project ?? "").split(whereSeparator: \.isNewline).map {
                String($0.prefix { $0 != " " })
            })
        if exists(directory + "/" + Self.fileName) {
            source = .file
        } else if project != nil, exists(directory + "/uv.lock") {
            source = .lock
        } else if tables.contains("[project]") {
            source = .project(isPackage: tables.contains("[build-system]"))
        } else {
            source = .nothing
        }
        // Only for the remarks: what cannot be listed has none.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        remarks = Self.remarks(on: names.sorted(), source, tables)
    }

    package var isEmpty: Bool { source == .nothing && !hasScript }

    /// The name of the file that says what is installed.
    package var title: String {
        switch source {
        case .nothing, .file: Self.fileName
        case .lock: "uv.lock"
        case .project: "pyproject.toml"
        }
    }

    /// The text of a file; nil where there is none.
    ///
    /// - Throws: `Failure` with exit code 2 where it cannot be read: as if it were missing, its packages
    ///   would be left out without a word.
    private static func text(_ path: String) throws -> String? {
        guard exists(path) else { return nil }
        do {
            return String(decoding: try readRegularFile(path, limit: largest), as: UTF8.self)
        } catch let failure as Failure {
            throw Failure.usage(failure.summary, hint: "make it readable, or remove it")
        }
    }

    /// With a carriage return at its end, each word that ends a line is another one to bash.
    private static func checkScript(_ path: String) throws {
        // One that cannot be read is told by bash, which fails on it.
        guard let data = try? readRegularFile(path, limit: largest),
            Array(data).firstRange(of: Array("\r\n".utf8)) != nil
        else { return }
        throw Failure.usage(
            "\(quoted(path)) has the line ends of Windows, which bash takes for a part of its words",
            hint: "convert it: sed -i 's/\\r$//' \(scriptName)")
    }

    private static func remarks(
        on names: [String], _ source: Source, _ tables: Set<String>
    ) -> [String] {
        let isPoetry = tables.contains("[tool.poetry]") || names.contains("poetry.lock")
        let poetry = "poetry export -f requirements.txt -o requirements.txt"
        switch source {
        case .file, .lock: return []
        case .project:
            guard names.contains("poetry.lock") else { return [] }
            return ["the versions in poetry.lock are not used; to pin them: \(poetry)"]
        case .nothing: break
        }
        var remarks: [String] = []
        for name in names where name != fileName && name.lowercased() == fileName {
            remarks.append("\(quoted(name)) is not looked at; its name has to be \(fileName)")
        }
        for name in names where ["environment.yml", "environment.yaml"].contains(name) {
            remarks.append(
                "\(name) is not installed: list what pip can install in \(fileName), and put the rest "
                    + "into \(scriptName)")
        }
        if isPoetry {
            remarks.append("poetry's project is not installed; make a list of it: \(poetry)")
        }
        if names.contains("Pipfile") || names.contains("Pipfile.lock") {
            remarks.append(
                "Pipfile is not installed; make a list of it: pipenv requirements > \(fileName)")
        }
        if remarks.isEmpty, names.contains("setup.py") {
            remarks.append("setup.py is not installed; the line \"-e .\" in \(fileName) does it")
        }
        return remarks
    }
}
