import Catalog
import Permissions
import QueryLanguage

/// What a writer may say about fields, and be told about them.
extension WritePreparation {
    /// The type as the writer sees it: a field that they never see is one that there isn't.
    var visibleType: RecordType { store.visibleCatalog(access).catalog.type(id: type.id) ?? type }

    /// Refuses fields that the writer may write on no record, and notes those they may write on some: the statement looks at these.
    func refuseUnwritable(in draft: inout WriteDraft) {
        for key in fieldsWritten(with: draft.fields).sorted() {
            let (mask, seen) = (
                access.rights.writeMask(of: key, on: type.id, isNew: !draft.isUpdate), access.rights.mask(of: key, on: type.id)
            )
            if mask != nil || seen != nil { draft.given.insert(key) }
            if mask == .never, seen == .never {
                draft.refuse("records.forbidden", nil, "Your roles don't let you write all that would change with it.")
            } else if mask == .never {
                draft.refuse("records.forbidden", key, "Your roles don't let you write \(type.field(key)?.label ?? key).")
            }
        }
    }

    /// The same for values that an undo puts back, which may be of fields that whoever takes it back doesn't see: these aren't named.
    func refuseReverting(_ draft: inout WriteDraft) {
        for key in draft.fields.sorted() {
            let mask = access.rights.writeMask(of: key, on: type.id, isNew: false)
            if mask != nil { draft.given.insert(key) }
            if mask == .never || access.rights.mask(of: key, on: type.id) == .never {
                draft.refuse("records.forbidden", nil, "Your roles don't let you put all values of this \(type.label.lowercased()) back.")
            }
        }
    }

    /// The fields themselves, and those that follow them: a list of links and the single link that points where its primary one does.
    private func fieldsWritten(with fields: Set<String>) -> Set<String> {
        var written = fields
        for field in type.listFields {
            guard case .links(let links) = field.type, let primary = links.primary else { continue }
            if fields.contains(field.key) { written.insert(primary) }
            if fields.contains(primary) { written.insert(field.key) }
        }
        return written
    }

    /// Rules speak of all fields. What they say of one that the writer doesn't see, or what is so because of one, is told without saying which.
    ///
    /// - Parameter whoeverGave: also of fields that the draft sets, where that isn't by its writer's words.
    func veil(_ drafts: inout [WriteDraft], whoeverGave: Bool = false) {
        guard !access.rights.isUnlimited else { return }
        for index in drafts.indices {
            let draft = drafts[index]
            func isHidden(_ name: String) -> Bool {
                guard let field = type.field(name) ?? type.field(ofColumn: name), access.rights.mask(of: field.key, on: type.id) != nil
                else {
                    return false
                }
                return whoeverGave || !draft.given.contains(field.key)
            }
            drafts[index].problems = draft.problems.map { problem in
                guard problem.property.map(isHidden) == true || draft.asked[problem]?.contains(where: isHidden) == true else {
                    return problem
                }
                return RecordsError.Detail(
                    code: "records.invalid", message: "The \(type.label.lowercased()) breaks a rule over fields that you don't see.")
            }
        }
    }
}
