/// What an installation depends on: as long as it stays the same, nothing is installed again.
///
/// A requirements file may name any directory as a package, `/` among them, and any file, such as a
/// pipe: what is read is bounded.
package struct RequirementsDigest {
    /// More files than anybody includes, and more than a local package has.
    private static let mostFiles = 5000
    private static let metadata = ["pyproject.toml", "setup.py", "setup.cfg"]

    private var lines: [String] = []
    /// Whether a package has more files than are compared.
    private var isCut = false
    private var texts: [String] = []
    private var seen: Set<String> = []

    /// A line for each file that has a part in it: requirements with all that they include, and what
    /// says how local packages are installed. Nil where a package has too many files to compare: no
    /// one can tell whether it changed.
    ///
    /// - Throws: `Failure` naming a file that cannot be read.
    package static func lines(of requirements: Requirements) throws -> [String]? {
        let digest = try read(requirements)
        return digest.isCut ? nil : digest.lines
    }

    /// The text of `requirements.txt` and of all that it includes; none for another source.
    ///
    /// - Throws: `Failure` naming a file that cannot be read.
    package static func texts(of requirements: Requirements) throws -> [String] {
        try read(requirements).texts
    }

    private static func read(_ requirements: Requirements) throws -> RequirementsDigest {
        var digest = RequirementsDigest()
        let directory = requirements.directory
        switch requirements.source {
        case .nothing: break
        case .file: try digest.add(requirements: directory + "/" + Requirements.fileName)
        case .lock:
            try digest.add(file: directory + "/uv.lock")
            try digest.add(package: directory, isEditable: true)
        case .project: try digest.add(package: directory, isEditable: true)
        }
        if requirements.hasScript {
            try digest.add(file: directory + "/" + Requirements.scriptName)
        }
        return digest
    }

    private mutating func add(file: String) throws {
        guard seen.count < Self.mostFiles, seen.insert(file).inserted else { return }
        lines.append("\(try SHA256.hex(ofFile: file)) \(file)")
    }

    /// The file, and what it includes (pip's "Requirements File Format").
    private mutating func add(requirements file: String) throws {
        // A file may include itself under ever longer names.
        guard seen.count < Self.mostFiles, !seen.contains(file) else { return }
        try add(file: file)
        let text = String(decoding: try readRegularFile(file), as: UTF8.self)
        texts.append(text)
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split { $0 == " " || $0 == "\t" || $0 == "\u{FEFF}" }
                .prefix { !$0.hasPrefix("#") }
            guard let first = words.first else { continue }
            let place = { (path: String) in
                path.hasPrefix("/") ? path : parentDirectory(file) + "/" + path
            }
            if let included = Self.value(of: ["-r", "--requirement", "-c", "--constraint"], words) {
                if exists(place(included)) { try add(requirements: place(included)) }
            } else if let editable = Self.value(of: ["-e", "--editable"], words) {
                try add(package: place(editable), isEditable: true)
            } else if first.hasPrefix(".") || first.hasPrefix("/") {
                try add(package: place(String(first)), isEditable: false)
            }
        }
    }

    /// What an option of pip's is given, in any of its forms: `-r x`, `-rx`, `--requirement=x`.
    private static func value(of names: [String], _ words: ArraySlice<Substring>) -> String? {
        guard let first = words.first else { return nil }
        for name in names where first.hasPrefix(name) {
            let rest = first.dropFirst(name.count)
            if rest.isEmpty { return words.dropFirst().first.map(String.init) }
            if rest.first == "=" { return String(rest.dropFirst()) }
            if !name.hasPrefix("--") { return String(rest) }
        }
        return nil
    }

    /// A local package. An editable one follows its sources by itself.
    private mutating func add(package path: String, isEditable: Bool) throws {
        // Without its extras: `./pkg[cuda]`.
        let path = String(path.prefix { $0 != "[" })
        guard isDirectory(path) else {
            if exists(path) { try add(file: path) }
            return
        }
        for name in Self.metadata where exists("\(path)/\(name)") {
            try add(file: "\(path)/\(name)")
        }
        guard !isEditable else { return }
        let scan = try TreeScan(of: path, limit: Self.mostFiles)
        if scan.isCut { isCut = true }
        for file in scan.files {
            var information = stat()
            guard stat(file.source, &information) == 0 else { continue }
            let time = information.modificationTime
            lines.append("\(file.size) \(time.tv_sec).\(time.tv_nsec) \(path)/\(file.path)")
        }
    }
}
