import Shared

/// Whether an account may do in a project what a start and a finish do there.
///
/// The Cloud Resource Manager API tells each who asks what they themselves may, with no permission
/// for that (cloud.google.com/resource-manager/reference/rest/v1/projects/testIamPermissions).
struct GooglePermissions: Sendable {
    var runner: any CommandRunner
    var service = "https://cloudresourcemanager.googleapis.com"

    /// What Terraform needs for `gcp.tf`, by the role that brings it.
    static let needed: [(role: String, permissions: [String])] = [
        (
            "roles/compute.admin",
            [
                "compute.instances.create", "compute.instances.delete", "compute.instances.get",
                "compute.instances.setMetadata", "compute.instances.setLabels",
                "compute.instances.setServiceAccount", "compute.instances.stop",
                "compute.disks.create", "compute.disks.delete", "compute.disks.get",
                "compute.disks.setLabels", "compute.disks.use", "compute.images.useReadOnly",
                "compute.machineTypes.get", "compute.machineTypes.list",
                "compute.acceleratorTypes.list", "compute.zones.get", "compute.zoneOperations.get",
                "compute.regionOperations.get", "compute.globalOperations.get",
                "compute.networks.get", "compute.subnetworks.get", "compute.firewalls.get",
                "compute.networks.create", "compute.networks.delete",
                "compute.networks.updatePolicy", "compute.subnetworks.create",
                "compute.subnetworks.delete", "compute.subnetworks.use",
                "compute.subnetworks.useExternalIp", "compute.firewalls.create",
                "compute.firewalls.delete",
            ]
        ),
        (
            "roles/iam.serviceAccountAdmin",
            [
                "iam.serviceAccounts.create", "iam.serviceAccounts.delete",
                "iam.serviceAccounts.get",
            ]
        ),
        ("roles/iam.serviceAccountUser", ["iam.serviceAccounts.actAs"]),
        (
            "roles/storage.admin",
            [
                "storage.buckets.create", "storage.buckets.delete", "storage.buckets.get",
                "storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy",
                "storage.buckets.list", "storage.buckets.update",
                "storage.objects.create", "storage.objects.delete", "storage.objects.get",
                "storage.objects.list",
            ]
        ),
    ]

    private struct Answer: Decodable {
        struct Problem: Decodable { var message: String }
        var permissions: [String]?
        var error: Problem?
    }

    func check(project: String, token: String) async -> CheckResult {
        guard project.wholeMatch(of: /[a-z0-9.:-]+/) != nil else {
            return Self.unknown("\(quoted(project)) is not a project's id")
        }
        guard token.wholeMatch(of: /[A-Za-z0-9._~+\/=-]+/) != nil else {
            return Self.unknown("the login's token does not read")
        }
        var reason = ""
        // A person's token belongs to no project, and some organisations want one named.
        for naming in [false, true] {
            do {
                let answer = try await ask(project, token, naming: naming)
                guard let error = answer.error else {
                    return Self.result(answer.permissions ?? [], project: project)
                }
                reason = harmless(
                    error.message.split(whereSeparator: \.isNewline).first.map(String.init) ?? "")
            } catch {
                reason = (error as? Failure)?.summary ?? "\(error)"
            }
        }
        return Self.unknown(reason)
    }

    /// The token goes in through curl's standard input: an argv is for all on this computer to see.
    private func ask(
        _ project: String, _ token: String, naming: Bool
    ) async throws -> Answer {
        let permissions = Self.needed.flatMap(\.permissions)
        let body = try JSONEncoder().encode(["permissions": permissions])
        var command = Command(
            "curl",
            [
                "--silent", "--show-error", "--max-time", "30", "--config", "-",
                "--header", "Content-Type: application/json",
                "--data-raw", String(decoding: body, as: UTF8.self),
            ] + (naming ? ["--header", "x-goog-user-project: \(project)"] : [])
                + ["\(service)/v1/projects/\(project):testIamPermissions"])
        command.input = .data(Data("header = \"Authorization: Bearer \(token)\"\n".utf8))
        let result = try await runner.run(command, timeout: .seconds(40))
        guard result.succeeded else { throw Failure(harmless(result.lastLines(1))) }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
        else { throw Failure("the answer of \(service) does not read") }
        return answer
    }

    private static func result(_ given: [String], project: String) -> CheckResult {
        let lacking = needed.compactMap { role, permissions in
            let missing = permissions.filter { !given.contains($0) }
            return missing.isEmpty ? nil : (role: role, missing: missing)
        }
        guard !lacking.isEmpty else { return .good("all that a start needs") }
        let grants = lacking.map {
            "gcloud projects add-iam-policy-binding \(project) --member=MEMBER --role=\($0.role)"
        }
        return .problem(
            "missing: " + lacking.flatMap(\.missing).joined(separator: ", "),
            hint: "an owner of the project grants them: " + grants.joined(separator: "; "))
    }

    static func unknown(_ reason: String) -> CheckResult {
        .warning(
            "not known: \(reason)",
            hint: "the check asks the Cloud Resource Manager API: gcloud services enable "
                + "cloudresourcemanager.googleapis.com; docs/clouds.md lists the roles a run needs")
    }
}
