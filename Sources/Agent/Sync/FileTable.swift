import Shared

/// All paths ever seen or uploaded, and what is known of each.
///
/// A hash table over bytes of our own: a scan of 100,000 unchanged files must not make 100,000
/// strings. Records are never removed but by `compact`.
struct FileTable {
    struct Flags: OptionSet {
        let rawValue: UInt8
        /// Below `logs/`: goes up as it grows.
        static let log = Flags(rawValue: 1)
        /// A link inside the tree; the bytes are those of its target.
        static let link = Flags(rawValue: 2)
        /// Never goes up: excluded, or no legal object name.
        static let barred = Flags(rawValue: 4)
        /// The same inode was seen with different contents: no hard link of it is safe.
        static let inPlace = Flags(rawValue: 8)
        /// Deleted in the bucket by `--keep_last`; not to go up again as it is.
        static let retired = Flags(rawValue: 16)
        /// To be deleted in the bucket.
        static let doomed = Flags(rawValue: 32)
        /// Something that is no file was seen there, and reported.
        static let special = Flags(rawValue: 64)
    }

    /// What of a file is in the bucket.
    struct Uploaded: Equatable {
        /// Of the local file it was taken from.
        var stamp: Stamp
        /// Of the object; less than the stamp's where half a line was left out.
        var size: Int64
        var crc32c: UInt32
        /// Only where the store lists no CRC32C.
        var md5: MD5.Digest?
    }

    /// What an earlier tick saw of a file that was not up.
    struct Look: Equatable {
        var stamp: Stamp
        var wasOpen: Bool
    }

    struct Record {
        fileprivate var offset: Int
        fileprivate var length: Int
        fileprivate var hash: UInt64
        var flags: Flags = []
        /// The number of the last scan that saw it; 0 for none.
        var seen: UInt32 = 0
        var current = Stamp(size: 0, mtime: 0, ctime: 0, inode: 0)
        var device: UInt64 = 0
        var look: Look?
        /// On the monotonic clock; since when this file is not up as it is.
        var pendingSince: Duration?
        var up: Uploaded?

        /// Whether the bucket lacks what the last scan saw.
        var isPending: Bool {
            if !flags.isDisjoint(with: [.barred, .retired]) { return false }
            return up?.stamp != current
        }
    }

    private static let logPrefix = Array("\(BucketLayout.logs)/".utf8)

    private(set) var records: [Record] = []
    private var arena: [UInt8] = []
    /// Indexes into `records`, -1 for none; a power of two, at most half full.
    private var slots = [Int32](repeating: -1, count: 1024)

    subscript(index: Int) -> Record {
        _read { yield records[index] }
        _modify { yield &records[index] }
    }

    func path(_ index: Int) -> String {
        let record = records[index]
        return String(
            decoding: arena[record.offset..<(record.offset + record.length)], as: UTF8.self)
    }

    /// Compares by bytes, as every store does.
    func isOrdered(_ left: Int, _ right: Int) -> Bool {
        let (one, other) = (records[left], records[right])
        return arena.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            let order = memcmp(
                base + one.offset, base + other.offset, Swift.min(one.length, other.length))
            return order == 0 ? one.length < other.length : order < 0
        }
    }

    /// The index of `path`, made where it is new.
    mutating func index(of path: String) -> Int {
        var path = path
        return path.withUTF8 { bytes in
            insert(UnsafeRawBufferPointer(bytes), hash: Self.hash(UnsafeRawBufferPointer(bytes)))
                .index
        }
    }

    func existing(_ path: String) -> Int? {
        var path = path
        return path.withUTF8 { bytes in
            find(UnsafeRawBufferPointer(bytes), hash: Self.hash(UnsafeRawBufferPointer(bytes)))
                .index
        }
    }

    /// Finds or makes the record of these bytes, whose `hash` is theirs.
    mutating func insert(
        _ bytes: UnsafeRawBufferPointer, hash: UInt64
    ) -> (index: Int, isNew: Bool) {
        let found = find(bytes, hash: hash)
        if let index = found.index { return (index, false) }
        let index = records.count
        records.append(Record(offset: arena.count, length: bytes.count, hash: hash))
        if bytes.starts(with: Self.logPrefix) { records[index].flags = .log }
        arena.append(contentsOf: bytes)
        slots[found.slot] = Int32(index)
        if records.count * 2 > slots.count { grow() }
        return (index, true)
    }

    private func find(
        _ bytes: UnsafeRawBufferPointer, hash: UInt64
    ) -> (index: Int?, slot: Int) {
        let mask = slots.count - 1
        var slot = Self.slot(hash, mask)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if records[index].hash == hash, records[index].length == bytes.count,
                holds(bytes, at: records[index].offset)
            {
                return (index, slot)
            }
            slot = (slot + 1) & mask
        }
        return (nil, slot)
    }

    private func holds(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        arena.withUnsafeBytes { arena in
            guard let base = bytes.baseAddress, let own = arena.baseAddress else { return true }
            return memcmp(base, own + offset, bytes.count) == 0
        }
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        let mask = slots.count - 1
        for index in records.indices {
            var slot = Self.slot(records[index].hash, mask)
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(index)
        }
    }

    /// Forgets paths that are neither on the machine nor in the bucket, once they are most of all.
    mutating func compact(scan: UInt32) {
        let isAlive = { (record: Record) in
            record.seen == scan || record.up != nil || record.flags.contains(.doomed)
        }
        guard records.count > 4096, records.count(where: isAlive) * 2 < records.count else {
            return
        }
        let old = self
        self = FileTable()
        for record in old.records where isAlive(record) {
            old.arena[record.offset..<(record.offset + record.length)].withUnsafeBytes { bytes in
                let index = insert(bytes, hash: record.hash).index
                let (offset, length) = (records[index].offset, records[index].length)
                records[index] = record
                records[index].offset = offset
                records[index].length = length
            }
        }
    }

    private static func slot(_ hash: UInt64, _ mask: Int) -> Int {
        Int(truncatingIfNeeded: hash ^ (hash >> 32)) & mask
    }

    /// FNV-1a; goes on from `seed`, so that a directory's part of a path is hashed once.
    static func hash(
        _ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0xcbf2_9ce4_8422_2325
    ) -> UInt64 {
        var hash = seed
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return hash
    }
}
