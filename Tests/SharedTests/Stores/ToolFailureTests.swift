import TestSupport
import Testing

@testable import Shared

/// Last words of the real tools, as they were seen, and what a person is told.
@Suite struct ToolFailureTests {
    static let seen: [(words: String, told: String)] = [
        (
            "ResumableDownloadException: Transfer failed after 4 retries. "
                + "Final exception: b'[Errno 28] No space left on device'", "the disk is full"
        ),
        ("ERROR : big: Failed to copy: preallocate: file too big for remaining disk space", "disk"),
        (
            "  File \"gcs_json_credentials.py\", line 411\nException: Could not parse JSON keyfile "
                + "\"/k\" as valid JSON", "the key file '/key.json' cannot be used"
        ),
        (
            "Exception: The JSON private key file at /k did not contain the required entry: id",
            "cannot be used"
        ),
        ("ERROR: (gcloud.storage.cp) Failed to load credential file: [/nope].", "cannot be used"),
        ("Failed to create file system: error opening service account credentials file", "used"),
        ("Your credentials are invalid. Please run\n$ gcloud auth login", "was refused"),
        ("Response: {\"error\": \"invalid_grant\"}", "'/key.json' was refused"),
        ("BucketNotFoundException: 404 gs://x bucket does not exist.", "there is no such bucket"),
        (
            "NotFoundException: 404 The destination bucket gs://x does not exist or",
            "no such bucket"
        ),
        ("ERROR: (gcloud.storage.rsync) gs://nobkt not found: 404.", "no such bucket"),
        ("An error occurred (NoSuchBucket) when calling the PutObject operation", "such bucket"),
        ("Failed to lsjson: error in ListJSON: directory not found", "no such bucket"),
        ("AccessDeniedException: 403 trainer@x does not have storage.objects.create", "may not"),
        ("googleapi: Error 403: forbidden", "the key file '/key.json' may not do this"),
        ("An error occurred (AccessDenied) when calling the PutObject operation", "may not"),
        ("ServiceException: 401 Invalid Credentials", "has no valid credentials"),
        ("upload failed: ../f to s3://bkt/x Unable to locate credentials", "valid credentials"),
        ("OSError: Connection refused.", "cannot be reached"),
        ("Could not connect to the endpoint URL: \"http://127.0.0.1:1/bkt/x\"", "be reached"),
        ("ServiceException: 503 Backend Error", "refuses for now"),
        ("An error occurred (SlowDown) when calling the PutObject operation", "refuses for now"),
        ("something new", "the tool failed, it ended with exit status 1"),
    ]

    @Test(arguments: seen) func `the kind is told, never a traceback`(
        words: String, told: String
    ) throws {
        let result = CommandResult(
            termination: .exited(1),
            errorOutput: "Traceback (most recent call last):\n  File \"x.py\", line 1\n" + words)
        let failure = ToolFailure(tool: "the tool", credentialsPath: "/key.json").explain(
            result, doing: "uploading", at: try StoreURL(parsing: "gs://x/y"))
        #expect(failure.summary.hasPrefix("uploading gs://x/y: "))
        #expect(failure.summary.contains(told), "\(failure)")
        #expect(!failure.description.contains("Traceback"))
        #expect(!failure.description.contains("line 1"))
        #expect((failure.hint == nil) == told.contains("exit status"))
    }

    @Test(arguments: [
        ("ck#123", true), ("#1", true), ("ck#", false), ("h#1.txt", false), ("ck#456x", false),
        ("dir#12/file", false), ("plain", false), ("", false), ("ck#１", false),
    ]) func `names that Google's tools take for a version`(name: String, expected: Bool) {
        #expect(GoogleNames.looksVersioned(name) == expected)
    }

    @Test(arguments: [
        ("plain é", "plain é"), ("a*b?", "a[*]b[?]"), ("[x]", "[[]x[]]"), ("ck#12", "ck[#]12"),
        ("a*#1", "a[*][#]1"),
    ]) func `a pattern that matches one name alone`(name: String, expected: String) {
        #expect(GoogleNames.escaped(name) == expected)
    }

    @Test(arguments: [
        ("gs", "gsutil"), ("gs", "gcloud"), ("gs", "rclone"), ("s3", "aws"), ("s3", "rclone"),
        ("az", "rclone"), ("s3", "gsutil"), ("gs", "aws"), ("az", "aws"), ("gs", "scp"),
    ]) func `a tool fits a scheme or is refused by name`(scheme: String, tool: String) throws {
        let url = try StoreURL(parsing: "\(scheme)://account/container")
        let access = StoreAccess(tool: tool)
        if StoreRegistry.tools(for: scheme).contains(tool) {
            #expect(try StoreRegistry.store(for: url, access: access).traits.tool == tool)
        } else {
            let failure = #expect(throws: Failure.self) {
                try StoreRegistry.store(for: url, access: access)
            }
            #expect(failure?.exit == 2)
            #expect(failure?.summary == "--transfer_tool \(tool) does not fit \(scheme)://")
        }
    }

    @Test func `a key is named to rclone in the environment, and no secret in argv`() throws {
        let url = try StoreURL(parsing: "gs://bucket/some/prefix")
        let store = RcloneStore(remote: RcloneRemote(for: url, credentialsPath: "/key.json"))
        let command = store.list(url)
        #expect(command.arguments.contains("TRAINGS:bucket/some/prefix"))
        #expect(!command.description.contains("key.json"))
        #expect(
            command.environment["RCLONE_CONFIG_TRAINGS_SERVICE_ACCOUNT_FILE"] == "/key.json")
        #expect(command.environment["RCLONE_CONFIG"] == "/dev/null")
    }

    @Test func `a tool that is not installed is named with what to do`() async throws {
        let runner = EnvironmentRunner(environment: ["PATH": "/nonexistent"])
        let client = try StoreClient(
            url: StoreURL(parsing: "gs://b/p"), access: StoreAccess(tool: "gsutil"), runner: runner)
        let failure = await #expect(throws: Failure.self) { try await client.list() }
        #expect(failure?.summary == "gsutil is not installed, or not in PATH")
        #expect(failure?.reason == .notInstalled)
        #expect(failure?.hint == "install it, or choose --transfer_tool gcloud or rclone")
    }

    @Test func `a listing that does not add up is refused`() throws {
        let url = try StoreURL(parsing: "gs://b/p")
        let block = "gs://b/p/a:\n    Content-Length:         8\n"
        #expect(throws: Failure.self) {
            try GoogleListing.objects(in: block + "TOTAL: 2 objects, 16 bytes (16 B)", under: url)
        }
        #expect(throws: Failure.self) { try GoogleListing.objects(in: block, under: url) }
        let whole = block + "    Generation:    12\n    Hash (crc32c):          4waSgw==\n"
        #expect(
            try GoogleListing.objects(in: whole + "TOTAL: 1 objects, 8 bytes (8 B)", under: url)
                == [StoredObject(path: "a", size: 8, crc32c: 0xe306_9283, version: "12")])
    }
}
