import Shared

extension GoogleProvider: ResourceListing {
    func resourceQueries(in place: CloudPlace) -> [ResourceQuery] {
        let label = "labels.\(LabelledResource.label.name)=\(LabelledResource.label.value)"
        let project = place.project.map { ["--project=\($0)"] } ?? []
        func list(_ words: [String], _ fields: String) -> [String] {
            words + ["list", "--filter=\(label)", "--format=json(\(fields))"] + project
        }
        return [
            ResourceQuery(
                kind: "machine",
                arguments: list(["compute", "instances"], "name,zone,status,labels")),
            ResourceQuery(kind: "disk", arguments: list(["compute", "disks"], "name,zone,labels")),
            ResourceQuery(kind: "bucket", arguments: list(["storage", "buckets"], "name,labels")),
        ]
    }

    func removal(of resource: LabelledResource, in place: CloudPlace) -> String {
        let project = place.project.map { " --project=\($0)" } ?? ""
        switch resource.kind {
        case "bucket": return "gcloud storage rm --recursive gs://\(resource.name)\(project)"
        default:
            let noun = resource.kind == "machine" ? "instances" : "disks"
            return
                "gcloud compute \(noun) delete \(resource.name) --zone=\(resource.zone ?? "ZONE")\(project)"
        }
    }
}
