import Catalog
import Permissions
import Records
import Synchronization

/// The API as principals see it: fields that somebody never sees aren't there for them, in requests, answers or documents. Made once for each policy.
final class ApiModels: Sendable {
    private static let capacity = 64
    private let known = Mutex<(whole: ApiModel?, models: [Int: ApiModel])>((nil, [:]))

    /// - Parameter whole: the model of everything, in force now.
    func model(of whole: ApiModel, for access: Access) -> ApiModel {
        guard !access.rights.isUnlimited else { return whole }
        let number = access.rights.number
        if let model = known.withLock({ $0.whole === whole ? $0.models[number] : nil }) { return model }
        let catalog = access.rights.visible(whole.catalog)
        let model = catalog == whole.catalog ? whole : ApiModel(catalog)
        known.withLock { known in
            if known.whole !== whole || known.models.count >= Self.capacity { known = (whole, [:]) }
            known.models[number] = model
        }
        return model
    }
}
