import Shared
import Testing

@Suite struct RunNameTests {
    private func name(
        _ code: String, _ dataset: String, project: String = "p", cloud: String = "gcp"
    ) throws -> RunName {
        try RunName(cloud: cloud, projectName: project, codeName: code, datasetName: dataset)
    }

    @Test(arguments: [
        "", "a/b", "..", "../x", "a b", "a\nb", "-a", ".a", "_a", "ä", "a\u{0}b", "a*",
        String(repeating: "x", count: 101), "a;rm -rf /", "a$(id)", "日本",
    ])
    func `an illegal part is refused, naming the flag`(part: String) {
        for (flag, body) in [
            ("--code_name", { try name(part, "d") }), ("--dataset_name", { try name("c", part) }),
            ("--project_name", { try name("c", "d", project: part) }),
        ] {
            let failure = #expect(throws: Failure.self) { _ = try body() }
            #expect(failure?.exit == ExitCode.usage.rawValue)
            #expect(failure?.summary.contains(flag) == true)
            #expect(failure?.summary.contains("\n") == false)
        }
    }

    @Test(arguments: [
        "a", "A", "classifier", "beer-2", "v1.2_x", String(repeating: "y", count: 100),
    ])
    func `the slug is a legal bucket and VM name`(part: String) throws {
        let slug = try name(part, part).slug
        #expect(slug.utf8.count <= RunName.maximumSlugLength)
        #expect("\(slug)-output".utf8.count <= 63)
        #expect(slug.wholeMatch(of: /[a-z]([-a-z0-9]*[a-z0-9])?/) != nil, "\(slug)")
        #expect(!slug.contains("--"))
    }

    @Test func `no slug is a prefix of another's`() throws {
        let parts = ["a", "a-b", "a-b-c", "A", "a.b", "a_b", "run-1", "run-10", "1", "10"]
        var slugs: [String] = []
        for code in parts {
            for dataset in parts {
                for cloud in ["gcp", "aws"] {
                    slugs.append(try name(code, dataset, cloud: cloud).slug)
                }
            }
        }
        #expect(Set(slugs).count == slugs.count)
        for one in slugs {
            for other in slugs where one != other { #expect(!other.hasPrefix(one)) }
        }
    }

    @Test func `a slug never changes, or a run could no longer be found`() throws {
        let slug = try name("classifier", "beer", project: "demo").slug
        #expect(slug == "train-nrzta5tj44-classifier-beer")
    }

    private func variant(_ variant: String?, of code: String = "classifier") throws -> RunName {
        try RunName(
            cloud: "gcp", projectName: "demo", codeName: code, datasetName: "beer",
            variant: variant)
    }

    @Test func `variants of a run are runs of their own`() throws {
        #expect(try variant(nil).slug == "train-nrzta5tj44-classifier-beer")
        #expect(try variant("lr-0.1").slug.hasSuffix("-classifier-beer-lr-0-1"))
        let long = String(repeating: "x", count: 90)
        let slugs = try ["1", "2", "10", long + "1", long + "-a2"].map {
            try variant($0, of: long).slug
        }
        #expect(Set(slugs).count == slugs.count)
        for slug in slugs {
            #expect(slug.utf8.count <= RunName.maximumSlugLength)
            #expect(slug.wholeMatch(of: /[a-z][a-z0-9]*(-[a-z0-9]+)*/) != nil, "\(slug)")
        }
        #expect(try variant("2").description == "classifier/beer/2")
        #expect(throws: Failure.self) { try variant("../x") }
    }

    @Test func `a name without a variant is written as ever`() throws {
        let plain = try JSONFormat.encode(try variant(nil), pretty: false)
        #expect(
            String(decoding: plain, as: UTF8.self) == """
                {"cloud":"gcp","code_name":"classifier","dataset_name":"beer","project_name":"demo"}
                """)
        let one = try variant("a")
        let data = try JSONFormat.encode(one)
        #expect(try JSONFormat.decoder().decode(RunName.self, from: data) == one)
        let hostile = String(decoding: data, as: UTF8.self).replacing("\"a\"", with: "\"../a\"")
        #expect(throws: DecodingError.self) {
            try JSONFormat.decoder().decode(RunName.self, from: Data(hostile.utf8))
        }
    }
}
