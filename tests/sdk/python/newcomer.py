"""What a newcomer does first, in the newest Python SDK, against the embedded model.

Runs in the SDK's own environment with the server's address as its argument, and prints
what it found as one JSON object.
"""

import functools
import json
import sys

from google import genai

client = genai.Client(api_key="any", http_options={"base_url": sys.argv[1]})
# Sampling at the temperature of the default gives another answer each time.
create = functools.partial(
    client.interactions.create, generation_config={"temperature": 0}
)
found = {}

first = create(model="gemini-3.5-flash", input="What is the capital of France?")
found["answer"] = first.output_text
found["status"] = first.status
found["tokens"] = first.usage.total_output_tokens

second = create(
    model="gemini-3.5-flash",
    input="And how many people live there?",
    previous_interaction_id=first.id,
)
found["continued"] = second.previous_interaction_id == first.id
found["fetched"] = client.interactions.get(second.id).status

pieces, ended = [], ""
for event in create(model="any-name", input="Say hello.", stream=True):
    if event.event_type == "step.delta":
        pieces.append(event.delta.text)
    elif event.event_type == "interaction.completed":
        ended = event.interaction.status
found["pieces"], found["ended"] = len(pieces), ended

weather = {
    "type": "function",
    "name": "get_weather",
    "description": "Gets the weather for a city.",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}
asked = create(model="m", input="What is the weather in Paris?", tools=[weather])
call = asked.steps[-1]
found["call"] = [asked.status, call.type, call.name, call.arguments]
told = create(
    model="m",
    previous_interaction_id=asked.id,
    tools=[weather],
    input=[{"type": "function_result", "call_id": call.id, "result": "22 degrees"}],
)
found["told"] = [told.status, told.steps[-1].type]

schema = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "legs": {"type": "integer"}},
    "required": ["name", "legs"],
}
structured = create(
    model="m",
    input="Describe a dog.",
    response_format={
        "type": "text",
        "mime_type": "application/json",
        "schema": schema,
    },
)
found["document"] = json.loads(structured.output_text)

client.interactions.delete(first.id)
try:
    client.interactions.get(first.id)
except Exception as error:  # noqa: BLE001 - the class is what is asked for
    found["deleted"] = type(error).__name__

sys.stdout.write(json.dumps(found))
