import Shared

/// When something in a directory was written last.
enum NewestFile {
    private static let mostEntries = 200_000
    private static let mostDepth = 64

    /// The age of the newest file; nil where there is none, or where its time is yet to come.
    ///
    /// - Parameters:
    ///   - directories: no link in them is followed.
    ///   - isOurs: names that the agent itself writes.
    static func age(
        in directories: [String], at now: Date, isOurs: (String) -> Bool = { _ in false }
    ) -> Double? {
        var newest: Double?
        var left = mostEntries
        let moment = now.timeIntervalSince1970
        for directory in directories {
            walk(directory, 0, &left, isOurs) { time in
                // A file of tomorrow, such as an unpacked one, says nothing.
                if time <= moment + 1 { newest = max(newest ?? time, time) }
            }
        }
        return newest.map { max(0, moment - $0) }
    }

    private static func walk(
        _ directory: String, _ depth: Int, _ left: inout Int, _ isOurs: (String) -> Bool,
        _ body: (Double) -> Void
    ) {
        guard depth < mostDepth, let stream = opendir(directory) else { return }
        defer { closedir(stream) }
        while left > 0, let entry = readdir(stream) {
            left -= 1
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 1) {
                    String(validatingCString: $0)
                }
            }
            guard let name, name != ".", name != "..", !isOurs(name) else { continue }
            var information = stat()
            let path = directory + "/" + name
            guard lstat(path, &information) == 0 else { continue }
            switch information.st_mode & S_IFMT {
            case S_IFDIR: walk(path, depth + 1, &left, isOurs, body)
            case S_IFREG: body(Double(information.modificationTime.tv_sec))
            default: continue
            }
        }
    }
}
