import TesseraKit

/// Tidies an organisation's addresses, and takes `domain` from the website when nobody gave one.
enum OrganisationHook {
    static func register(into registry: inout ModuleRegistry) {
        registry.beforeWrite(
            "organisation", reads: ["website", "domain", "emails"], writes: ["domain", "emails"]
        ) { organisations, _ in
            organisations.compactMap(patch)
        }
    }

    /// What the write lacks, or nil when it lacks nothing.
    static func patch(_ organisation: RecordImage) -> RecordPatch? {
        var values: [String: FieldValue] = [:]
        if let emails = Channels.tidiedEmails(organisation["emails"]) { values["emails"] = emails }
        if let domain = organisation["domain"].text {
            let lower = domain.trimmingWhitespace().lowercased()
            if lower != domain { values["domain"] = lower.isEmpty ? .null : .text(lower) }
        } else if let domain = organisation["website"].text.flatMap({ WebDomain(website: $0) }) {
            values["domain"] = .text(domain.text)
        }
        return values.isEmpty ? nil : organisation.patch(values)
    }
}
