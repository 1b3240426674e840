import Shared
import Testing

@Suite struct ProcessTrafficTests {
    #if os(Linux)
        @Test func `what a process reads and writes is counted`() throws {
            let before = ProcessTraffic.bytes(of: getpid())
            var buffer = [UInt8](repeating: 0, count: 1_000_000)
            let zero = open("/dev/zero", O_RDONLY | O_CLOEXEC)
            defer { close(zero) }
            #expect(read(zero, &buffer, buffer.count) == buffer.count)
            #expect(ProcessTraffic.bytes(of: getpid()) - before >= Int64(buffer.count))
        }
    #endif

    @Test func `a process that is gone has moved nothing`() {
        #expect(ProcessTraffic.bytes(of: Int32.max) == 0)
    }
}
