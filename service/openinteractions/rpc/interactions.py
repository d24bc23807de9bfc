"""The RPCs of `InteractionService` as handlers over the engine's use cases."""

from __future__ import annotations

from google.protobuf import empty_pb2

from openinteractions.engine.interactions import Interactions
from openinteractions.rpc.call import Call, Handlers
from openinteractions.v1 import interaction_service_pb2

SERVICE = interaction_service_pb2.DESCRIPTOR.services_by_name["InteractionService"]


def handlers(interactions: Interactions) -> Handlers:
    """Return what answers the RPCs."""

    async def delete(
        call: Call, request: interaction_service_pb2.DeleteInteractionRequest
    ) -> empty_pb2.Empty:
        await interactions.delete(call, request)
        return empty_pb2.Empty()

    return Handlers(
        SERVICE,
        unary={
            "CreateInteraction": interactions.create,
            "GetInteraction": interactions.get,
            "CancelInteraction": interactions.cancel,
            "DeleteInteraction": delete,
            "ListInteractions": interactions.list,
        },
        stream={
            "StreamCreateInteraction": interactions.stream_create,
            "StreamInteraction": interactions.stream,
        },
    )
