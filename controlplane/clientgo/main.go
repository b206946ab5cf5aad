// client-go as a controller uses it, in protobuf: one feature a run, its findings as JSON on standard output.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"
)

const (
	namespace = "default"
	patience  = 60 * time.Second
)

type found map[string]any

func configMap(name string) *corev1.ConfigMap {
	labels := map[string]string{"of": "client-go"}
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Data: map[string]string{"a": "1"},
	}
}

func code(err error) int {
	if status, ok := err.(apierrors.APIStatus); ok {
		return int(status.Status().Code)
	}
	return 200
}

func objects(ctx context.Context, maps typed.ConfigMapInterface) (found, error) {
	name := "client-go"
	made, err := maps.Create(ctx, configMap(name), metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		got, err := maps.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		got.Data["b"] = "2"
		_, err = maps.Update(ctx, got, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return nil, err
	}
	patch := []byte(`{"data": {"c": "3"}}`)
	patched, err := maps.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return nil, err
	}
	_, stale := maps.Update(ctx, made, metav1.UpdateOptions{})
	if err := maps.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return nil, err
	}
	_, gone := maps.Get(ctx, name, metav1.GetOptions{})
	return found{"data": patched.Data, "conflict": code(stale), "gone": code(gone)}, nil
}

func pages(ctx context.Context, maps typed.ConfigMapInterface) (found, error) {
	for number := range 5 {
		if _, err := maps.Create(ctx, configMap(fmt.Sprint("client-go-", number)), metav1.CreateOptions{}); err != nil {
			return nil, err
		}
	}
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return maps.List(ctx, options)
	})
	pages.PageSize = 2
	count := 0
	err := pages.EachListItem(ctx, metav1.ListOptions{LabelSelector: "of=client-go"}, func(runtime.Object) error {
		count++
		return nil
	})
	if err != nil {
		return nil, err
	}
	selector := metav1.ListOptions{LabelSelector: "of=client-go"}
	return found{"found": count}, maps.DeleteCollection(ctx, metav1.DeleteOptions{}, selector)
}

func informer(ctx context.Context, client kubernetes.Interface) (found, error) {
	only := informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = "of=client-go" })
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace), only)
	seen := make(chan string, 10)
	shared := factory.Core().V1().ConfigMaps().Informer()
	_, err := shared.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { seen <- "add" },
		UpdateFunc: func(any, any) { seen <- "update" },
		DeleteFunc: func(any) { seen <- "delete" },
	})
	if err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), shared.HasSynced) {
		return nil, ctx.Err()
	}
	maps, name := client.CoreV1().ConfigMaps(namespace), "client-go-informed"
	events := []string{}
	steps := []func() error{
		func() error { _, err := maps.Create(ctx, configMap(name), metav1.CreateOptions{}); return err },
		func() error {
			patch := []byte(`{"data": {"c": "3"}}`)
			_, err := maps.Patch(ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
			return err
		},
		func() error { return maps.Delete(ctx, name, metav1.DeleteOptions{}) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
		select {
		case event := <-seen:
			events = append(events, event)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return found{"events": events}, nil
}

func run(feature string) (found, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	maps := client.CoreV1().ConfigMaps(namespace)
	switch feature {
	case "objects":
		return objects(ctx, maps)
	case "pages":
		return pages(ctx, maps)
	case "informer":
		return informer(ctx, client)
	}
	return nil, fmt.Errorf("there is no feature %q", feature)
}

func main() {
	told, err := run(os.Args[1])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(told)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
